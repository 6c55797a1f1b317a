// SPDX-License-Identifier: Apache-2.0

import Notation
import Verification

/// The part of models that give embeddings of texts.
extension VerificationReport {
  /// Texts whose embeddings are least alike that a terminal shows; and that reports do.
  private static let (shownTexts, reportedTexts) = (3, 10)
  /// Characters of a text that are shown.
  private static let excerptLength = 80

  /// The closing line of pages: what their figures are.
  var legend: String {
    let figures =
      report.embeddings == nil
      ? "KL is the Kullback-Leibler divergence of the predictions from the original’s, over the whole "
        + "vocabulary, in nats"
      : "The cosine is that of a text’s embeddings by both models, the error ‖x − y‖ / ‖x‖; the nearest "
        + "other text is that of the largest cosine"
    return figures + "; intervals are those of resampled documents, at 95 %."
  }

  /// What a terminal shows of predictions or embeddings.
  var figures: TextTable { report.embeddings == nil ? predictions : embeddings }

  private var embeddings: TextTable {
    var table = TextTable([
      ("", .left), ("texts", .right), ("cosine", .right), ("95 % interval", .right),
      ("least", .right), ("error", .right), ("95 % interval", .right), ("same nearest", .right),
      ("95 % interval", .right),
    ])
    guard let found = report.embeddings else { return table }
    table.append([
      "embeddings", "\(found.texts.count)", Figures.near(found.cosine.value),
      VerificationReport.interval(found.cosine, Figures.near),
      found.worst(1).first.map { Figures.near($0.closeness.cosine) } ?? "",
      Figures.percent(found.relativeError.value),
      VerificationReport.interval(found.relativeError, Figures.percent),
      found.sameNearest.map { Figures.percent($0.value) } ?? "none",
      found.sameNearest.map { VerificationReport.interval($0, Figures.percent) } ?? "none",
    ])
    return table
  }

  /// The texts whose embeddings are least alike, for a terminal.
  var embeddingLines: [String] {
    (report.embeddings?.worst(VerificationReport.shownTexts) ?? []).map {
      "least alike: cosine \(Figures.near($0.closeness.cosine)), "
        + "\(VerificationReport.excerpt($0.text))"
    }
  }

  /// The same as a table, with more of them.
  var leastAlike: TextTable {
    var table = TextTable([
      ("least alike", .left), ("cosine", .right), ("error", .right), ("same nearest", .left),
    ])
    for text in report.embeddings?.worst(VerificationReport.reportedTexts) ?? [] {
      table.append([
        VerificationReport.excerpt(text.text), Figures.near(text.closeness.cosine),
        Figures.percent(text.closeness.relativeError),
        text.keepsNearest.map { $0 ? "yes" : "no" } ?? "none",
      ])
    }
    return table
  }

  /// For programs: Formats/report.md.
  var embeddingJSON: JSON {
    guard let found = report.embeddings else { return .null }
    return [
      "texts": .integer(found.texts.count), "cosine": .number(found.cosine.value),
      "cosineInterval": VerificationReport.interval(found.cosine),
      "leastCosine": found.worst(1).first.map { .number($0.closeness.cosine) } ?? .null,
      "error": .number(found.relativeError.value),
      "errorInterval": VerificationReport.interval(found.relativeError),
      "sameNearest": found.sameNearest.map { .number($0.value) } ?? .null,
      "sameNearestInterval": found.sameNearest.map(VerificationReport.interval) ?? .null,
      "worst": .array(
        found.worst(VerificationReport.reportedTexts).map { text in
          [
            "text": .string(text.text), "cosine": .number(text.closeness.cosine),
            "error": .number(text.closeness.relativeError),
            "keepsNearest": text.keepsNearest.map(JSON.bool) ?? .null,
          ]
        }),
    ]
  }

  /// The beginning of a text, in one line.
  private static func excerpt(_ text: String) -> String {
    let line = text.map { $0.isNewline ? " " : $0 }
    return "'\(String(line.prefix(excerptLength)))\(line.count > excerptLength ? "…" : "")'"
  }
}
