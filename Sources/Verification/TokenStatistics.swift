// SPDX-License-Identifier: Apache-2.0

package import LinearAlgebra

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// How the predictions of two models for the same tokens differ, document by document.
package struct TokenStatistics: Sendable, Equatable {
  package private(set) var predictions: [Prediction] = []
  /// Where each document's predictions end.
  private var ends: [Int] = []

  package init() {}

  /// Predictions that were compared.
  package var count: Int { predictions.count }
  package var documentCount: Int { ends.count }

  /// Adds the predictions of one document.
  package mutating func add(document: [Prediction]) {
    guard !document.isEmpty else { return }
    predictions += document
    ends.append(predictions.count)
  }

  /// Compares predictions, as ``Prediction/compare(reference:candidate:targets:)`` does, and adds
  /// them as one document.
  package mutating func add(reference: Matrix, candidate: Matrix, targets: [Int]) {
    add(
      document: Prediction.compare(reference: reference, candidate: candidate, targets: targets))
  }

  /// Adds the documents of other statistics.
  package mutating func add(_ other: TokenStatistics) {
    let start = predictions.count
    predictions += other.predictions
    ends += other.ends.map { start + $0 }
  }

  // Figures without intervals; 0, or 1 for shares and ratios, of no predictions.

  /// Mean of the divergences, in nats.
  package var meanDivergence: Double { mean(\.divergence) ?? 0 }
  /// The largest divergence of a single prediction, in nats.
  package var largestDivergence: Double { predictions.reduce(0) { max($0, $1.divergence) } }
  /// The share of predictions whose most likely token is the same.
  package var agreement: Double { mean { $0.agrees ? 1 : 0 } ?? 1 }
  /// exp of the mean negative log-likelihood of the actual tokens.
  package var referencePerplexity: Double { exp(mean(\.referenceLoss) ?? 0) }
  package var candidatePerplexity: Double { exp(mean(\.candidateLoss) ?? 0) }

  private func mean(_ figure: (Prediction) -> Double) -> Double? {
    guard count > 0 else { return nil }
    return predictions.reduce(0) { $0 + figure($1) } / Double(count)
  }

  /// The range of each document's predictions, in the order of its tokens.
  package var documents: [Range<Int>] { zip([0] + ends, ends).map { $0..<$1 } }
}
