// SPDX-License-Identifier: Apache-2.0

package import Notation
package import Verification

/// What a conversion cost, for people and programs.
package struct VerificationReport: Sendable {
  private let report: ComparisonReport
  private let failures: [String]

  /// - Parameters:
  ///   - report: What was measured.
  ///   - failures: What the gates found.
  package init(_ report: ComparisonReport, failures: [String]) {
    self.report = report
    self.failures = failures
  }

  package var text: String {
    let (a, b) = (report.reference, report.candidate)
    var sizes = TextTable([
      ("", .left), ("size", .right), ("bits a weight", .right), ("tokens/s", .right),
    ])
    for subject in [a, b] {
      sizes.append([
        subject.name, Figures.bytes(subject.byteCount), Figures.decimal(subject.bitsPerWeight, 2),
        Figures.decimal(Double(subject.tokenCount) / max(subject.seconds, 1e-9), 0),
      ])
    }
    var table = TextTable([
      ("", .left), ("tokens", .right), ("mean KL", .right), ("largest KL", .right),
      ("same top-1", .right), ("perplexity", .right), ("before", .right),
    ])
    for (name, group) in report.groups {
      table.append([
        name, "\(group.count)", Figures.small(group.meanDivergence),
        Figures.small(group.largestDivergence), Figures.percent(group.agreement),
        Figures.decimal(group.candidatePerplexity, 3),
        Figures.decimal(group.referencePerplexity, 3),
      ])
    }
    var text = sizes.text + "\n" + table.text
    if report.questionCount > 0 {
      text += "\nanswers right: \(b.rightAnswers) of \(report.questionCount), before "
      text += "\(a.rightAnswers); the same answer to \(report.sameAnswers)\n"
    }
    for failure in failures { text += "failed: \(failure)\n" }
    return text
  }

  package var json: JSON {
    var groups = JSON.Object()
    for (name, group) in report.groups {
      groups[name] = [
        "tokens": .integer(group.count), "meanKL": .number(group.meanDivergence),
        "largestKL": .number(group.largestDivergence), "agreement": .number(group.agreement),
        "perplexity": .number(group.candidatePerplexity),
        "referencePerplexity": .number(group.referencePerplexity),
      ]
    }
    return [
      "reference": json(of: report.reference), "candidate": json(of: report.candidate),
      "groups": .object(groups),
      "answers": [
        "questions": .integer(report.questionCount),
        "referenceRight": .integer(report.reference.rightAnswers),
        "right": .integer(report.candidate.rightAnswers), "same": .integer(report.sameAnswers),
      ], "failures": .array(failures.map(JSON.string)),
    ]
  }

  private func json(of subject: ComparisonReport.Subject) -> JSON {
    [
      "name": .string(subject.name), "path": .string(subject.path),
      "architecture": .string(subject.architecture), "bytes": .integer(subject.byteCount),
      "weights": .integer(subject.weightCount), "bitsPerWeight": .number(subject.bitsPerWeight),
      "tokens": .integer(subject.tokenCount), "seconds": .number(subject.seconds),
    ]
  }
}
