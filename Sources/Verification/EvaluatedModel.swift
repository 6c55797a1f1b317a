// SPDX-License-Identifier: Apache-2.0

import LinearAlgebra
import Models
import Tokenizers

/// A model under comparison, with the time that it took.
final class EvaluatedModel {
  let model: Model
  let forward: ForwardPass
  private let generator: Generator
  private let clock = ContinuousClock()
  private var elapsed = Duration.zero
  private(set) var tokenCount = 0
  private var images: [SampleImage: ForwardPass.ImageView] = [:]

  /// - Throws: ``ModelError`` if numbers and tensors do not fit each other.
  init(
    _ model: Model, options: ForwardPass.Options = ForwardPass.Options()
  ) throws(ModelError) {
    self.model = model
    forward = try ForwardPass(model, options: options)
    generator = Generator(forward)
  }

  /// The time of all forward passes so far.
  var seconds: Double {
    let (seconds, attoseconds) = elapsed.components
    return Double(seconds) + Double(attoseconds) * 1e-18
  }

  /// What reports say of it.
  var subject: ComparisonReport.Subject {
    ComparisonReport.Subject(
      name: model.name, path: model.path, architecture: model.architecture.name,
      byteCount: model.byteCount, weightCount: model.weightCount, tokenCount: tokenCount,
      seconds: seconds)
  }

  var contextLength: Int { forward.contextLength }
  var vocabularySize: Int { forward.vocabularySize }

  /// What images have become; ``keep(_:of:)`` knows them.
  func views(of shown: [SampleImage]) -> [ForwardPass.ImageView] {
    shown.compactMap { images[$0] }
  }

  func keep(_ views: [ForwardPass.ImageView], of shown: [SampleImage]) {
    for (image, view) in zip(shown, views) { images[image] = view }
  }

  /// Images that are not known yet, each once.
  func unseen(_ shown: [SampleImage]) -> [SampleImage] {
    var unseen: [SampleImage] = []
    for image in shown where images[image] == nil && !unseen.contains(image) {
      unseen.append(image)
    }
    return unseen
  }

  /// Begins to see images, from their files.
  func run(images shown: [SampleImage]) throws(ModelError) -> ForwardPass.Run {
    try forward.run(try model.pixels(of: shown))
  }

  private func sequence(
    _ tokens: [Int], promptCount: Int, images: [SampleImage]
  ) -> TokenSequence {
    TokenSequence(
      tokens: tokens, images: views(of: images).map(\.embedding), promptCount: promptCount)
  }

  /// Begins the computation of the logits that predict the scored tokens.
  func run(_ batch: [EvaluationSequence]) throws(ModelError) -> ForwardPass.Run {
    var rows: [Int] = []
    var start = 0
    for entry in batch {
      rows += entry.parts.flatMap(\.positions).map { start + $0 - 1 }
      start += entry.tokens.count
    }
    tokenCount += start
    return try forward.run(
      batch.map { sequence($0.tokens, promptCount: $0.promptCount, images: $0.images) }, rows: rows)
  }

  /// Runs the next block.
  func advance(_ run: inout ForwardPass.Run) throws(ModelError) {
    let start = clock.now
    try run.advance()
    elapsed += clock.now - start
  }

  /// The logits, or embeddings, of a computation that is complete.
  ///
  /// - Throws: ``ModelError`` if some are no numbers, with the weight that is none.
  func output(of run: ForwardPass.Run) throws(ModelError) -> Matrix {
    guard run.hidden.values.allSatisfy(\.isFinite) else {
      throw try WeightCheck.culprit(of: model)
    }
    return run.hidden
  }

  /// Sees images that are not known yet.
  func see(_ shown: [SampleImage]) throws(ModelError) {
    let shown = unseen(shown)
    guard !shown.isEmpty else { return }
    var run = try run(images: shown)
    for _ in run.places { try advance(&run) }
    keep(run.views, of: shown)
  }

  /// Begins the computation of the logits of sequences with all of their images.
  func run(seeing batch: [EvaluationSequence]) throws(ModelError) -> ForwardPass.Run {
    try see(batch.flatMap(\.images))
    return try run(batch)
  }

  /// The logits of sequences with all of their images.
  func logits(seeing batch: [EvaluationSequence]) throws(ModelError) -> Matrix {
    var run = try run(seeing: batch)
    for _ in run.places { try advance(&run) }
    return try output(of: run)
  }

  /// Greedy answers, without the token that ends them.
  func answers(to questions: [EvaluationQuestion], limit: Int) throws(ModelError) -> [[Int]] {
    try generator.answers(
      to: questions.map {
        sequence($0.prompt, promptCount: $0.prompt.count, images: $0.images)
      }, limit: limit)
  }

  /// Forgets images that later batches do not need.
  func forgetImages() { images = [:] }

  func text(of answer: [Int]) -> String { model.tokenizer.text(of: answer) }
}
