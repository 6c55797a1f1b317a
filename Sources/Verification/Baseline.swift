// SPDX-License-Identifier: Apache-2.0

package import Models
import Notation

/// An earlier `report.json`, whose figures a new run must not fall behind.
package struct Baseline: Sendable {
  private let path: String
  private let json: JSON

  /// Reads a report; its members are those of `Formats/report.md`.
  ///
  /// - Throws: ``ModelError/input(_:)`` for what is no report.
  package init(text: String, path: String) throws(ModelError) {
    self.path = path
    do throws(JSONError) { json = try JSON(parsing: text) } catch {
      throw .input("\(path): \(error); expected a report.json of pare verify")
    }
    guard json["groups"]?.object != nil else {
      throw .input("\(path): expected a report.json of pare verify, found no member 'groups'")
    }
  }

  /// The figures that were measured then, as limits of the figures of now.
  ///
  /// - Throws: ``ModelError/input(_:)`` if the report was made of other data.
  package func gates(for report: ComparisonReport) throws(ModelError) -> [Gate] {
    var gates: [Gate] = []
    for group in report.groups where group.isGated {
      guard let earlier = json["groups"]?[group.name] else {
        throw .input(
          "\(path): it has no group '\(group.name)', so that it was made of other data; make it anew"
        )
      }
      guard earlier["tokens"]?.integer == group.summary.tokenCount else {
        throw .input(
          "\(path): it compared \(earlier["tokens"]?.integer ?? 0) tokens of the group "
            + "'\(group.name)', now there are \(group.summary.tokenCount): it was made of other data "
            + "or another window; make it anew")
      }
      let figures: [(Gate.Figure, String)] = [
        (.meanDivergence, "meanKL"), (.p99Divergence, "p99KL"), (.agreement, "agreement"),
        (.perplexityRatio, "perplexityRatio"),
      ]
      for (figure, key) in figures {
        guard let value = earlier[key]?.number else {
          throw .input("\(path): the group '\(group.name)' has no number '\(key)'; make it anew")
        }
        gates.append(Gate(figure, value, group: group.name, isBaseline: true))
      }
    }
    if !report.answers.judged.isEmpty, let right = json["answers"]?["right"]?.integer,
      let questions = json["answers"]?["questions"]?.integer, questions > 0
    {
      gates.append(Gate(.rightAnswers, Double(right) / Double(questions), isBaseline: true))
    }
    let cosines = json["vision"]?.array?.compactMap { $0["connectorCosine"]?.number } ?? []
    if !report.vision.images.isEmpty, !cosines.isEmpty {
      gates.append(
        Gate(
          .visionCosine, cosines.reduce(0, +) / Double(cosines.count), isBaseline: true))
    }
    if let embeddings = report.embeddings {
      guard let cosine = json["embeddings"]?["cosine"]?.number,
        json["embeddings"]?["texts"]?.integer == embeddings.texts.count
      else {
        throw .input(
          "\(path): it does not compare embeddings of \(embeddings.texts.count) texts, so that it "
            + "was made of other data or another window; make it anew")
      }
      gates.append(Gate(.embeddingCosine, cosine, isBaseline: true))
    }
    return gates
  }
}
