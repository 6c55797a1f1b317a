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
  ]

  /// Whether nothing is limited.
  public var isEmpty: Bool { gates.isEmpty && baseline == nil }

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
