// SPDX-License-Identifier: Apache-2.0

package import Verification

/// Limits and checks of files as test cases, for what shows the tests of a build.
///
/// Source: the JUnit XML that Jenkins, GitLab and others read (https://github.com/testmoapp/junitxml).
package struct JUnitReport: Sendable {
  /// One test case; it failed if it has a message.
  private struct Case {
    let group: String
    let name: String
    let failure: (message: String, kind: String)?
    let output: String
  }

  /// The test cases of one conversion.
  private struct Suite {
    let name: String
    let seconds: Double
    let cases: [Case]

    var failureCount: Int { cases.count { $0.failure != nil } }
  }

  private let suites: [Suite]

  /// - Parameter reports: One for each conversion.
  package init(_ reports: [VerificationReport]) {
    suites = reports.map { rendered in
      let report = rendered.report
      return Suite(
        name: report.candidate.name, seconds: report.reference.seconds + report.candidate.seconds,
        cases: JUnitReport.cases(of: report.structure)
          + rendered.outcomes.map(JUnitReport.testCase))
    }
  }

  /// The checks of files alone.
  package init(_ report: StructureReport) {
    suites = [
      Suite(name: report.candidate.name, seconds: 0, cases: JUnitReport.cases(of: report))
    ]
  }

  private static func cases(of structure: StructureReport?) -> [Case] {
    guard let structure else { return [] }
    return structure.entries.map { entry in
      let own = structure.findings.filter { $0.check == entry.check }
      let errors = own.filter { $0.severity == .error }.map(\.sentence)
      return Case(
        group: "pare.structure", name: entry.check.rawValue,
        failure: errors.isEmpty ? nil : (errors.joined(separator: "\n"), "error"),
        output: "\(entry.count) compared"
          + own.filter { $0.severity == .warning }.map { "\nwarning: \($0.sentence)" }.joined())
    }
  }

  private static func testCase(_ outcome: Gate.Outcome) -> Case {
    let sentence = VerificationReport.sentence(outcome)
    return Case(
      group: "pare.verify", name: "\(outcome.group): \(outcome.gate.figure.rawValue)",
      failure: outcome.isKept ? nil : (sentence, outcome.verdict.rawValue), output: sentence)
  }

  package var text: String {
    let seconds = suites.reduce(0) { $0 + $1.seconds }
    var text = #"<?xml version="1.0" encoding="UTF-8"?>"# + "\n"
    text += #"<testsuites name="pare verify" \#(counts(suites, seconds))>"# + "\n"
    for suite in suites {
      text += #"  <testsuite name="\#(Markup.escaped(suite.name))" "#
      text += #"\#(counts([suite], suite.seconds))>"# + "\n"
      for entry in suite.cases {
        text += #"    <testcase classname="\#(entry.group)" name="\#(Markup.escaped(entry.name))">"#
        if let (message, kind) = entry.failure {
          text += #"<failure message="\#(Markup.escaped(message))" type="\#(kind)"/>"#
        } else {
          text += "<system-out>\(Markup.escaped(entry.output))</system-out>"
        }
        text += "</testcase>\n"
      }
      text += "  </testsuite>\n"
    }
    return text + "</testsuites>\n"
  }

  private func counts(_ suites: [Suite], _ seconds: Double) -> String {
    let tests = suites.reduce(0) { $0 + $1.cases.count }
    let failures = suites.reduce(0) { $0 + $1.failureCount }
    return #"tests="\#(tests)" failures="\#(failures)" time="\#(Figures.decimal(seconds, 3))""#
  }
}
