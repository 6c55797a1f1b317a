// SPDX-License-Identifier: Apache-2.0

import Verification

extension PareLimits {
  /// One of the limits: its name on the command line and in files, and what it may be.
  struct Kind: Sendable {
    /// Without dashes in front.
    let name: String
    let value: any KeyPath<PareLimits, Double?> & Sendable
    let figure: Gate.Figure
    let range: ClosedRange<Double>
    /// Whether it can be set for one group of tokens.
    var isOfGroup = true

    /// What a number out of range should have been.
    var expected: String {
      range.upperBound.isFinite
        ? "a number from \(Int(range.lowerBound)) to \(Int(range.upperBound))"
        : "a number of at least \(Int(range.lowerBound))"
    }
  }

  static let kinds = [
    Kind(
      name: "max-kl", value: \.meanDivergence, figure: .meanDivergence, range: 0...(.infinity)),
    Kind(
      name: "max-kl-p99", value: \.p99Divergence, figure: .p99Divergence, range: 0...(.infinity)),
    Kind(name: "min-agreement", value: \.agreement, figure: .agreement, range: 0...1),
    Kind(
      name: "max-perplexity-ratio", value: \.perplexityRatio, figure: .perplexityRatio,
      range: 0...(.infinity)),
    Kind(
      name: "min-answers", value: \.rightAnswers, figure: .rightAnswers, range: 0...1,
      isOfGroup: false),
    Kind(
      name: "min-vision-cosine", value: \.visionCosine, figure: .visionCosine, range: -1...1,
      isOfGroup: false),
    Kind(
      name: "min-cosine", value: \.cosine, figure: .embeddingCosine, range: -1...1,
      isOfGroup: false),
  ]

  /// Whether nothing is limited.
  public var isEmpty: Bool { gates.isEmpty && baseline == nil }

  /// Checks that each limit is of something that the models give.
  ///
  /// - Parameter givesEmbeddings: Whether that is embeddings of texts; else predictions of tokens.
  /// - Throws: ``PareError`` with the first limit that is not, and those that would be.
  func check(givesEmbeddings: Bool) throws(PareError) {
    let (fitting, others) = (
      PareLimits.kinds.filter { $0.figure.isOfEmbeddings == givesEmbeddings },
      PareLimits.kinds.filter { $0.figure.isOfEmbeddings != givesEmbeddings }
    )
    let figures = gates.map(\.figure)
    guard let wrong = others.first(where: { figures.contains($0.figure) }) else { return }
    let what = givesEmbeddings ? "embeddings of texts" : "predictions of tokens"
    throw PareError(
      "\(wrong.name): the models give \(what), which it does not limit; expected "
        + fitting.map(\.name).joined(separator: ", "))
  }

  /// Checks that each limit is a number that its figure can be.
  ///
  /// - Throws: ``PareError`` with the limit's name, what it may be and what it is.
  public func check() throws(PareError) {
    for kind in PareLimits.kinds {
      if let value = self[keyPath: kind.value], !kind.range.contains(value) {
        throw PareError("\(kind.name): expected \(kind.expected), found \(value)")
      }
    }
  }
}
