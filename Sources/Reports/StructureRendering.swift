// SPDX-License-Identifier: Apache-2.0

package import Notation
package import Verification

/// What was found in the files of two models, for people and programs.
package struct StructureRendering: Sendable {
  private let report: StructureReport

  /// Findings of one check that a terminal shows; the rest is in the JSON.
  private static let shownFindings = 5

  package init(_ report: StructureReport) { self.report = report }

  package var text: String {
    var table = TextTable([
      ("check", .left), ("compared", .right), ("errors", .right), ("warnings", .right),
    ])
    for entry in report.entries {
      table.append([
        entry.check.rawValue, "\(entry.count)", "\(entry.errorCount)", "\(entry.warningCount)",
      ])
    }
    var text = table.text
    if !report.findings.isEmpty { text += "\n" }
    for entry in report.entries {
      let findings = report.findings.filter { $0.check == entry.check }
      for finding in findings.prefix(StructureRendering.shownFindings) {
        text += StructureRendering.line(of: finding) + "\n"
      }
      let rest = findings.count - StructureRendering.shownFindings
      if rest > 0 { text += "  and \(rest) more of \(entry.check.rawValue); --json has all\n" }
    }
    let (errors, warnings) = (report.errors.count, report.warnings.count)
    text += "\n\(report.candidate.name): "
    text +=
      errors == 0 && warnings == 0
      ? "the structure is that of \(report.reference.name)\n"
      : "\(errors) \(errors == 1 ? "error" : "errors"), "
        + "\(warnings) \(warnings == 1 ? "warning" : "warnings")\n"
    return text
  }

  /// A finding is one line, whatever the texts in it.
  static func line(of finding: Finding) -> String {
    "\(finding.severity.rawValue): \(finding.sentence)"
      .split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\\n")
  }

  package var json: JSON {
    [
      "schemaVersion": .integer(JSON.reportVersion), "reference": json(of: report.reference),
      "candidate": json(of: report.candidate),
      "checks": .array(
        report.entries.map { entry in
          [
            "check": .string(entry.check.rawValue), "compared": .integer(entry.count),
            "errors": .integer(entry.errorCount), "warnings": .integer(entry.warningCount),
          ]
        }),
      "findings": .array(
        report.findings.map(StructureRendering.json)),
    ]
  }

  static func json(of finding: Finding) -> JSON {
    [
      "check": .string(finding.check.rawValue), "severity": .string(finding.severity.rawValue),
      "subject": .string(finding.subject), "expected": .string(finding.expected),
      "found": .string(finding.found), "consequence": .string(finding.consequence),
    ]
  }

  private func json(of subject: StructureReport.Subject) -> JSON {
    [
      "name": .string(subject.name), "path": .string(subject.path),
      "architecture": .string(subject.architecture), "container": .string(subject.container),
    ]
  }
}
