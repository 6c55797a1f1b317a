// SPDX-License-Identifier: Apache-2.0

import LinearAlgebra
import Models
import Preprocessing
import Tokenizers

/// A model under comparison, with the time that it took.
final class EvaluatedModel {
  let model: Model
  private let forward: ForwardPass
  private let generator: Generator
  private let clock = ContinuousClock()
  private(set) var elapsed = Duration.zero
  private(set) var tokenCount = 0
  private var images: [String: ForwardPass.ImageView] = [:]

  init(_ model: Model) throws(ModelError) {
    self.model = model
    forward = try ForwardPass(model)
    generator = Generator(forward)
  }

  var contextLength: Int { forward.contextLength }
  var vocabularySize: Int { forward.vocabularySize }

  /// What images become, from their files; each is computed once.
  func views(of paths: [String]) throws(ModelError) -> [ForwardPass.ImageView] {
    var missing: [String] = []
    for path in paths where images[path] == nil && !missing.contains(path) {
      missing.append(path)
    }
    if !missing.isEmpty {
      guard let processor = model.imageProcessor else {
        throw .input(
          "\(model.path): the model takes text only, and '\(missing[0])' is an image; "
            + "leave images out, or name the vision part with --mmproj")
      }
      var pixels: [PixelTensor] = []
      for path in missing {
        do throws(ImageError) {
          pixels.append(try processor.pixels(of: try Image(path: path)))
        } catch { throw .image(error) }
      }
      let start = clock.now
      for (path, image) in zip(missing, try forward.views(of: pixels)) {
        images[path] = image
      }
      elapsed += clock.now - start
    }
    return paths.compactMap { images[$0] }
  }

  private func sequence(_ tokens: [Int], image: String?) throws(ModelError) -> TokenSequence {
    TokenSequence(
      tokens: tokens, images: try views(of: image.map { [$0] } ?? []).map(\.embedding))
  }

  /// The logits that predict the scored tokens.
  func logits(_ batch: [EvaluationSequence]) throws(ModelError) -> Matrix {
    _ = try views(of: batch.compactMap(\.image))
    var sequences: [TokenSequence] = []
    var rows: [Int] = []
    var start = 0
    for entry in batch {
      sequences.append(try sequence(entry.tokens, image: entry.image))
      rows += entry.parts.flatMap(\.positions).map { start + $0 - 1 }
      start += entry.tokens.count
    }
    let begin = clock.now
    let logits = try forward.logits(sequences, rows: rows)
    elapsed += clock.now - begin
    tokenCount += start
    guard logits.values.allSatisfy(\.isFinite) else {
      throw try WeightCheck.culprit(of: model)
    }
    return logits
  }

  /// Greedy answers, without the token that ends them.
  func answers(to questions: [EvaluationQuestion], limit: Int) throws(ModelError) -> [[Int]] {
    _ = try views(of: questions.compactMap(\.image))
    var prompts: [TokenSequence] = []
    for question in questions {
      prompts.append(try sequence(question.prompt, image: question.image))
    }
    return try generator.answers(to: prompts, limit: limit)
  }

  /// Forgets images that later batches do not need.
  func forgetImages() { images = [:] }

  func text(of answer: [Int]) -> String { model.tokenizer.text(of: answer) }
}
