// SPDX-License-Identifier: Apache-2.0

import Models
import Verification

/// What a conversion may cost; nil: as much as it likes.
///
/// Each holds for images and text apart, and against the end of the 95 % confidence interval: a
/// limit is kept only if the data shows that it is.
public struct PareLimits: Sendable {
  /// The most that the mean KL divergence may be, in nats.
  public var meanDivergence: Double?
  /// The most that the 99th percentile of the KL divergence may be, in nats.
  public var p99Divergence: Double?
  /// The least share of predictions with the same most likely token, 0 to 1.
  public var agreement: Double?
  /// The most that the perplexity may be, as a multiple of the original's.
  public var perplexityRatio: Double?
  /// The least share of questions that are answered exactly as expected, 0 to 1.
  public var rightAnswers: Double?
  /// The least mean cosine between what the two models make of an image, -1 to 1.
  public var visionCosine: Double?

  /// No limits.
  public init() {}

  var gates: [Gate] {
    let figures: [(Gate.Figure, Double?)] = [
      (.meanDivergence, meanDivergence), (.p99Divergence, p99Divergence), (.agreement, agreement),
      (.perplexityRatio, perplexityRatio), (.rightAnswers, rightAnswers),
      (.visionCosine, visionCosine),
    ]
    return figures.compactMap { figure, limit in limit.map { Gate(figure, $0) } }
  }

  /// - Throws: ``ModelError/input(_:)`` for a limit that the data can say nothing of.
  func check(_ data: Dataset) throws(ModelError) {
    let questions = data.samples.compactMap { sample -> Dataset.Question? in
      if case .question(let question) = sample { question } else { nil }
    }
    if rightAnswers != nil, !questions.contains(where: { $0.answer != nil }) {
      throw .input(
        "\(data.path): no sample says which answer is right, and a limit is set for right answers; "
          + "add \"answer\" to the questions")
    }
    if visionCosine != nil, !questions.contains(where: { $0.image != nil }) {
      throw .input(
        "\(data.path): no sample has an image, and a limit is set for how images are seen; add "
          + "questions with an \"image\"")
    }
  }
}
