// SPDX-License-Identifier: Apache-2.0

package import Notation
package import Verification

/// Several conversions of one model side by side.
package struct RankingReport: Sendable {
  let ranking: Ranking
  /// What came of the limits, by the places of the reports.
  let outcomes: [[Gate.Outcome]]

  /// - Parameters:
  ///   - reports: What was measured of each, in the order in which they were named.
  ///   - outcomes: What came of the limits of each.
  package init(_ reports: [ComparisonReport], outcomes: [[Gate.Outcome]]) {
    ranking = Ranking(reports)
    self.outcomes = outcomes
  }

  var reference: ComparisonReport.Subject? { ranking.entries.first?.report.reference }

  /// Each with the full report.
  package var reports: [VerificationReport] {
    ranking.entries.map { VerificationReport($0.report, outcomes: outcomes[$0.index]) }
  }

  private var givesEmbeddings: Bool { ranking.entries.first?.report.embeddings != nil }

  /// What the distance of a conversion from the original is.
  var measure: String { givesEmbeddings ? "1 − mean cosine" : "mean KL" }

  var legend: String { reports.first?.legend ?? "" }

  var table: TextTable {
    let groups = ranking.entries.first?.report.groups.filter(\.isGated).map(\.name) ?? []
    let hasAnswers = ranking.entries.contains { !$0.report.answers.judged.isEmpty }
    var headings: [(String, TextTable.Alignment)] = [
      ("", .left), ("size", .right), ("bits a weight", .right),
    ]
    headings += groups.map { ("KL \($0)", .right) }
    headings +=
      givesEmbeddings
      ? [("cosine", .right), ("least", .right), ("same nearest", .right)]
      : [("same top-1", .right)]
    if hasAnswers { headings.append(("right", .right)) }
    headings += [("limits", .left), ("front", .left)]
    var table = TextTable(headings)
    for entry in ranking.entries {
      let report = entry.report
      var row = [
        report.candidate.name, Figures.bytes(report.candidate.byteCount),
        Figures.decimal(report.candidate.bitsPerWeight, 2),
      ]
      row += groups.map {
        report.group($0).map { Figures.small($0.summary.meanDivergence.value) } ?? ""
      }
      if let embeddings = report.embeddings {
        row += [
          Figures.near(embeddings.cosine.value),
          embeddings.worst(1).first.map { Figures.near($0.closeness.cosine) } ?? "",
          embeddings.sameNearest.map { Figures.percent($0.value) } ?? "none",
        ]
      } else {
        row.append(Figures.percent(report.all.agreement))
      }
      if hasAnswers {
        row.append("\(report.answers.candidateRightCount) of \(report.answers.judged.count)")
      }
      row += [limits(of: entry), entry.isOnFront ? "yes" : "no"]
      table.append(row)
    }
    return table
  }

  private func limits(of entry: Ranking.Entry) -> String {
    let outcomes = outcomes[entry.index]
    guard !outcomes.isEmpty else { return "none" }
    return "\(outcomes.count(where: \.isKept)) of \(outcomes.count) kept"
  }

  /// For a terminal.
  package var text: String {
    var text = table.text
    text += "\nThe front: no other is at most as large and at most as far from "
    text += "\(reference?.name ?? "the original").\n"
    for report in reports {
      let lines = report.verdictLines
      guard !lines.isEmpty else { continue }
      text += "\n\(report.report.candidate.name)\n"
      for line in lines { text += "  \(line)\n" }
    }
    return text
  }

  /// For programs: Formats/report.md.
  package var json: JSON {
    [
      "schemaVersion": .integer(JSON.reportVersion),
      "candidates": .array(
        ranking.entries.map { entry in
          let report = VerificationReport(entry.report, outcomes: outcomes[entry.index])
          var members = report.json.object ?? JSON.Object()
          members["isOnFront"] = .bool(entry.isOnFront)
          return .object(members)
        }),
    ]
  }
}
