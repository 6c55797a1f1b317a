// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra
package import Models
import Synchronization
import Tensors

/// Runs a model over samples and gathers what goes into each of its linear layers.
package struct Calibrator {
  /// How far a run is.
  package struct Progress: Sendable {
    package let count: Int
    package let total: Int
  }

  private let model: Model
  private let window: Int
  private let sampleLimit: Int
  private let report: (Progress) -> Void

  /// Tokens that run at once.
  private static let batchTokens = 2_048
  /// Fewer tokens say nothing of a column.
  private static let fewestTokens = 128

  /// Prepares a run.
  ///
  /// - Parameters:
  ///   - model: What is looked at.
  ///   - window: Tokens of a window of text.
  ///   - sampleLimit: The most questions and windows of text; nil for all.
  ///   - report: Called now and then.
  package init(
    _ model: Model, window: Int = 512, sampleLimit: Int? = nil,
    report: @escaping (Progress) -> Void = { _ in }
  ) {
    self.model = model
    self.window = window
    self.sampleLimit = sampleLimit ?? .max
    self.report = report
  }

  /// Runs the samples: questions with their images and answers, and windows of text.
  ///
  /// - Parameters:
  ///   - data: The samples.
  ///   - datasets: What the statistics call them.
  /// - Returns: What went into each linear layer.
  /// - Throws: ``ModelError`` for samples that the model cannot take, or too few of them.
  package func run(
    on data: Dataset, named datasets: [String] = []
  ) throws(ModelError) -> CalibrationStatistics {
    let gathering = Gathering()
    var options = ForwardPass.Options()
    options.observers = gathering.observer
    let forward = try ForwardPass(model, options: options)
    let builder = EvaluationBuilder(
      model: model, prompts: try PromptBuilder(model),
      window: max(2, min(window, forward.contextLength)), contextLength: forward.contextLength)
    let (questions, windows) = builder.samples(of: data, limit: sampleLimit)
    let total = windows.count + questions.count
    var (done, tokens) = (0, 0)
    var pending: [TokenSequence] = []
    func flush() throws(ModelError) {
      guard !pending.isEmpty else { return }
      report(Progress(count: done, total: total))
      _ = try forward.logits(pending)
      done += pending.count
      tokens += pending.reduce(0) { $0 + $1.tokens.count }
      pending = []
    }
    func add(_ sequence: TokenSequence) throws(ModelError) {
      let count = pending.reduce(sequence.tokens.count) { $0 + $1.tokens.count }
      if count > Calibrator.batchTokens { try flush() }
      pending.append(sequence)
    }
    for question in questions {
      let images = try forward.views(of: try model.pixels(of: question.image.map { [$0] } ?? []))
      let prompt = try builder.question(
        question, imageTokenCounts: images.map(\.embedding.rows))
      try add(
        TokenSequence(
          tokens: prompt.prompt + (prompt.answerTokens ?? []), images: images.map(\.embedding)))
    }
    for window in windows { try add(TokenSequence(tokens: window.tokens)) }
    try flush()
    guard tokens >= Calibrator.fewestTokens else {
      throw .input(
        "\(data.path): it has \(tokens) tokens; give at least \(Calibrator.fewestTokens), better "
          + "some ten thousand")
    }
    return CalibrationStatistics(
      entries: gathering.entries, datasets: datasets, window: builder.window,
      windowCount: total, checksums: model.files.checksums)
  }
}

/// What was gathered so far.
private final class Gathering: Sendable {
  private let found = Mutex<[String: CalibrationStatistics.Entry]>([:])

  var entries: [CalibrationStatistics.Entry] { found.withLock { Array($0.values) } }

  func observer(_ parameter: Parameter, expert: Int) -> Linear.Observer? {
    let name = parameter.ggufName
    let columns =
      (parameter.shape.elementCount ?? 0) / max(1, parameter.shape.dimensions.first ?? 1)
    let empty = CalibrationStatistics.Entry(
      name: name,
      matrices: [ColumnStatistics](
        repeating: ColumnStatistics(columns: columns), count: parameter.expertCount ?? 1))
    return { [self] inputs, _ in
      found.withLock { found in
        found[name, default: empty].matrices[expert].add(inputs)
      }
    }
  }
}
