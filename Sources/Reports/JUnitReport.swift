// SPDX-License-Identifier: Apache-2.0

package import Verification

/// The limits as test cases, for what shows the tests of a build.
///
/// Source: the JUnit XML that Jenkins, GitLab and others read (https://github.com/testmoapp/junitxml).
package struct JUnitReport: Sendable {
  private let report: ComparisonReport
  private let outcomes: [Gate.Outcome]

  package init(_ report: ComparisonReport, outcomes: [Gate.Outcome]) {
    self.report = report
    self.outcomes = outcomes
  }

  package var text: String {
    let failures = outcomes.count { !$0.isKept }
    let seconds = Figures.decimal(report.reference.seconds + report.candidate.seconds, 3)
    var text = #"<?xml version="1.0" encoding="UTF-8"?>"# + "\n"
    text += #"<testsuites name="pare verify" tests="\#(outcomes.count)" failures="\#(failures)" "#
    text += #"time="\#(seconds)">"# + "\n"
    text += #"  <testsuite name="\#(Markup.escaped(report.candidate.name))" "#
    text += #"tests="\#(outcomes.count)" failures="\#(failures)" time="\#(seconds)">"# + "\n"
    for outcome in outcomes {
      let name = "\(outcome.group): \(outcome.gate.figure.rawValue)"
      text += #"    <testcase classname="pare.verify" name="\#(Markup.escaped(name))""#
      let sentence = Markup.escaped(VerificationReport.sentence(outcome))
      text +=
        outcome.isKept
        ? "><system-out>\(sentence)</system-out></testcase>\n"
        : #"><failure message="\#(sentence)" type="\#(outcome.verdict.rawValue)"/></testcase>"#
          + "\n"
    }
    return text + "  </testsuite>\n</testsuites>\n"
  }
}
