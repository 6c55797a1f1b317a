// SPDX-License-Identifier: Apache-2.0

package import LinearAlgebra

/// How near the embeddings of texts are to those of the original, and whether they find the same
/// texts.
package struct EmbeddingStatistics: Sendable {
  /// One text, or one window of a long one.
  package struct Text: Sendable, Equatable {
    package let text: String
    package let closeness: Closeness
    /// Whether its nearest other text is the one that it was; nil where there is no other.
    package let keepsNearest: Bool?
  }

  /// In the order of the data.
  package let texts: [Text]
  /// The means over texts.
  package let cosine: Estimate
  package let relativeError: Estimate
  /// The share of texts whose nearest other text, by cosine, stays the same; nil for fewer than two.
  package let sameNearest: Estimate?

  /// Compares the embeddings of the same texts.
  ///
  /// - Parameters:
  ///   - texts: At least one.
  ///   - reference: `[texts, numbers]`, of finite numbers.
  ///   - candidate: The same of the other model.
  package init(texts: [String], reference: Matrix, candidate: Matrix) {
    let (before, after) = (NearestRows.find(in: reference), NearestRows.find(in: candidate))
    let found = texts.enumerated().map { index, text in
      Text(
        text: text,
        closeness: Closeness(
          reference.rows(index..<index + 1), candidate.rows(index..<index + 1)),
        keepsNearest: before[index].map { $0 == after[index] })
    }
    self.texts = found
    let bootstrap = Bootstrap(documentCount: found.count)
    func mean(_ figure: (Text) -> Double) -> Estimate {
      let values = found.map(figure)
      return Estimate(
        values.reduce(0, +) / max(1, Double(values.count)),
        interval: bootstrap.interval(ofMean: values, over: values.map { _ in 1 }))
    }
    cosine = mean(\.closeness.cosine)
    relativeError = mean(\.closeness.relativeError)
    sameNearest = found.count > 1 ? mean { $0.keepsNearest == true ? 1 : 0 } : nil
  }

  /// So many texts, those whose embeddings are least alike first.
  package func worst(_ count: Int) -> [Text] {
    Array(
      texts.enumerated().sorted {
        ($0.element.closeness.cosine, $0.offset) < ($1.element.closeness.cosine, $1.offset)
      }.prefix(count).map(\.element))
  }
}
