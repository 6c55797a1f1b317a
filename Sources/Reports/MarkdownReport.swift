// SPDX-License-Identifier: Apache-2.0

import Verification

/// The report for a job's summary or a model card.
package struct MarkdownReport: Sendable {
  private let report: VerificationReport

  package init(_ report: VerificationReport) { self.report = report }

  package var text: String {
    let (a, b) = (report.report.reference, report.report.candidate)
    var text = "## \(MarkdownReport.escaped(b.name)) beside \(MarkdownReport.escaped(a.name))\n\n"
    if !report.outcomes.isEmpty {
      let kept = report.outcomes.count(where: \.isKept)
      text += "**\(kept) of \(report.outcomes.count) limits kept.**\n\n"
      text += "| | limit |\n|---|---|\n"
      for outcome in report.outcomes {
        let sentence = MarkdownReport.escaped(VerificationReport.sentence(outcome))
        text += "| \(VerificationReport.word(outcome.verdict)) | \(sentence) |\n"
      }
      text += "\n"
    }
    let findings = report.report.structure?.findings ?? []
    if !findings.isEmpty {
      text += "| | in the files |\n|---|---|\n"
      for finding in findings.prefix(20) {
        text += "| \(finding.severity.rawValue) | \(MarkdownReport.escaped(finding.sentence)) |\n"
      }
      text += "\n"
    }
    text += MarkdownReport.table(report.sizes) + "\n" + MarkdownReport.table(report.figures)
    let lines = report.answerLines + report.visionLines
    if !lines.isEmpty { text += "\n" }
    for line in lines { text += "- \(MarkdownReport.escaped(line))\n" }
    if !report.leastAlike.isEmpty { text += "\n" + MarkdownReport.table(report.leastAlike) }
    if !report.trials.isEmpty { text += "\n" + MarkdownReport.table(report.trials) }
    let changed = report.report.answers.answers.filter { $0.firstParting != nil }
    if !changed.isEmpty {
      text += "\n<details><summary>\(changed.count) answers changed</summary>\n\n"
      text += "| question | expected | before | now |\n|---|---|---|---|\n"
      for answer in changed.prefix(20) {
        let cells = [answer.question, answer.expected ?? "", answer.reference, answer.candidate]
        text += "| \(cells.map(MarkdownReport.escaped).joined(separator: " | ")) |\n"
      }
      text += "\n</details>\n"
    }
    return text + "\n\(report.legend)\n"
  }

  /// Several conversions of one model side by side.
  package static func text(of report: RankingReport) -> String {
    let name = escaped(report.reference?.name ?? "")
    var text = "## \(report.reports.count) conversions of \(name)\n\n" + table(report.table)
    text += "\nThe front: no other is at most as large and at most as far from the original.\n"
    for entry in report.reports where !entry.failures.isEmpty {
      text += "\n**\(escaped(entry.report.candidate.name))**\n\n"
      for line in entry.failures { text += "- \(escaped(line))\n" }
    }
    return text
  }

  static func table(_ table: TextTable) -> String {
    var text = ""
    for (index, row) in table.cells.enumerated() {
      text += "| \(row.map(escaped).joined(separator: " | ")) |\n"
      if index == 0 {
        text += "|" + table.alignments.map { $0 == .left ? "---|" : "--:|" }.joined() + "\n"
      }
    }
    return text
  }

  /// Text that stays text within a table.
  static func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "|", "*", "_", "`", "[", "]", "\\", "#": result += "\\\(character)"
      case "<": result += "&lt;"
      case "&": result += "&amp;"
      case "\n", "\r", "\r\n": result += " "
      default: result.append(character)
      }
    }
    return result
  }
}
