// SPDX-License-Identifier: Apache-2.0

import BinaryIO
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
  /// The least mean cosine between the embeddings that the two models give of a text, -1 to 1; of
  /// models that give embeddings the only limit.
  public var cosine: Double?

  /// An earlier `report.json` on the same data: what is surely worse than there fails, too.
  public var baseline: String?
  /// From a file, some of them for one group of the data.
  private var more: [Gate] = []

  /// No limits.
  public init() {}

  var gates: [Gate] {
    more
      + PareLimits.kinds.compactMap { kind in
        self[keyPath: kind.value].map { Gate(kind.figure, $0) }
      }
  }

  /// Adds the limits of a YAML file.
  ///
  ///     max-kl: 0.01
  ///     text:
  ///       max-kl: 0.05
  ///       min-agreement: 0.9
  ///
  /// - Parameter path: The file; its keys are those of the command's options, for all groups or,
  ///   below `images`, `answers` or `text`, for one.
  /// - Throws: ``PareError`` with the line of the first mistake.
  public mutating func add(file path: String) throws(PareError) {
    more += try LimitsFile.gates(text: try PareLimits.text(of: path), path: path)
  }

  /// Reads the baseline, before long work begins.
  func openBaseline() throws(PareError) -> Baseline? {
    guard let baseline else { return nil }
    let text = try PareLimits.text(of: baseline)
    return try convertingErrors { () throws(ModelError) in
      try Baseline(text: text, path: baseline)
    }
  }

  private static func text(of path: String) throws(PareError) -> String {
    let file = try convertingErrors { () throws(FileError) in try MappedFile(path: path) }
    let text = withExtendedLifetime(file) { String(validating: file.bytes, as: UTF8.self) }
    guard let text else { throw PareError("\(path): expected UTF-8 text, found other bytes") }
    return text
  }

  /// - Throws: ``ModelError/input(_:)`` for a limit that the data can say nothing of.
  func check(_ data: Dataset) throws(ModelError) {
    let questions = data.samples.compactMap { sample -> Dataset.Question? in
      if case .question(let question) = sample { question } else { nil }
    }
    let figures = gates.map(\.figure)
    if figures.contains(.rightAnswers), !questions.contains(where: { $0.answer != nil }) {
      throw .input(
        "\(data.path): no sample says which answer is right, and a limit is set for right answers; "
          + "add \"answer\" to the questions")
    }
    if figures.contains(.visionCosine), !questions.contains(where: { !$0.images.isEmpty }) {
      throw .input(
        "\(data.path): no sample has an image, and a limit is set for how images are seen; add "
          + "questions with an \"image\"")
    }
  }
}
