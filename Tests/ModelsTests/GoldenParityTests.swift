// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Checkpoints
import Fixtures
import LinearAlgebra
import Models
import Preprocessing
import Tensors
import TestSupport
import Testing
import Tokenizers

/// The forward pass against PyTorch's in f32 on the same weights.
///
/// Two orders of summation over a few thousand terms, through a dozen layers, part by about
/// √(terms · layers) · 2⁻²⁴ ≈ 1e-5 relative; ten times that is allowed. Logits are sums of a few
/// hundred terms of that relative error: 2e-4 of their standard deviation.
struct GoldenParityTests {
  static let library = try? DeclarationLibrary()

  static func model(_ name: String) throws -> Model {
    try Model(path: Fixtures.path(name), library: #require(library))
  }

  struct Golden: Sendable, CustomTestStringConvertible {
    let model: String
    let file: String
    let sample: String
    var testDescription: String { "\(model) \(sample)" }
  }

  static let goldens =
    ["mm1-tiny", "mm1-moe-tiny", "llava-tiny"].flatMap { model in
      ["0", "1", "2"].map { Golden(model: model, file: "golden.safetensors", sample: $0) }
    } + [Golden(model: "mm1-tiny", file: "golden-text.safetensors", sample: "text")]

  @Test("every traced intermediate equals PyTorch's", arguments: goldens)
  func intermediates(golden: Golden) throws {
    let model = try GoldenParityTests.model(golden.model)
    let forward = try ForwardPass(model)
    let expected = try Checkpoint(path: Fixtures.path("\(golden.model)/\(golden.file)"))
    var traced: [String: (shape: Shape, values: [Float])] = [:]
    let sink: TraceSink = { traced[$0] = ($1, $2) }

    let tokens = try #require(expected["\(golden.sample).tokens"]).integers
    var images: [ImageEmbedding] = []
    if let pixels = expected["\(golden.sample).pixels"] {
      let shape = pixels.shape.dimensions
      let image = PixelTensor(
        channels: shape[0], height: shape[1], width: shape[2], values: pixels.floats)
      images = try forward.embeddings(of: [image], trace: sink)
    }
    _ = try forward.logits([TokenSequence(tokens: tokens, images: images)], trace: sink)

    let skipped: Set = ["\(golden.sample).tokens", "\(golden.sample).pixels"]
    var compared = 0
    for tensor in expected.tensors
    where tensor.name.hasPrefix(golden.sample + ".") && !skipped.contains(tensor.name) {
      let name = String(tensor.name.dropFirst(golden.sample.count + 1))
      let ours = try #require(traced[name], "\(name) was not traced")
      #expect(ours.shape == tensor.shape)
      if name == "logits" {
        let error = ours.values.largestDifference(from: tensor.floats)
        #expect(error <= 2e-4 * tensor.floats.standardDeviation, "logits: \(error)")
      } else {
        let error = ours.values.relativeDistance(from: tensor.floats)
        #expect(error <= 1e-4, "\(name): \(error)")
      }
      compared += 1
    }
    #expect(compared >= 7)
  }

  @Test(
    "a prompt becomes the tokens that the model was trained on",
    arguments: goldens.filter { $0.sample != "text" })
  func prompts(golden: Golden) throws {
    let model = try GoldenParityTests.model(golden.model)
    let expected = try Checkpoint(path: Fixtures.path("\(golden.model)/\(golden.file)"))
    let samples = try Dataset(
      path: Fixtures.path("\(golden.model)/evaluation/data.jsonl")
    ).samples
    let index = try #require(Int(golden.sample))
    guard case .question(let question) = samples[index] else {
      Issue.record("expected a question")
      return
    }
    let image = try #require(question.images.first?.path)
    let answer = try #require(question.answer)
    let pixels = try #require(model.imageProcessor).pixels(of: Image(path: image))
    let golden = try #require(expected["\(golden.sample).pixels"]).floats
    // One level of 255 apart after normalisation.
    #expect(pixels.values.largestDifference(from: golden) <= 1.01 / 255 / 0.26)
    let builder = try PromptBuilder(model)
    let images = try ForwardPass(model).embeddings(of: [pixels])
    let tokens =
      try builder.tokens(question: question.prompt, images: images)
      + builder.tokens(answer: answer)
    #expect(tokens == (try #require(expected["\(index).tokens"])).integers)
  }

  @Test("the answers are those of PyTorch", arguments: ["mm1-tiny", "mm1-moe-tiny", "llava-tiny"])
  func answers(name: String) throws {
    let model = try GoldenParityTests.model(name)
    let forward = try ForwardPass(model)
    let builder = try PromptBuilder(model)
    let generator = Generator(forward)
    let lines = try GreedyGolden.read(Fixtures.path("\(name)/evaluation/data.jsonl")).prefix(40)
    let prompts = try lines.map { line in
      let image = try Image(path: Fixtures.path("\(name)/evaluation/\(line.image)"))
      let images = try forward.embeddings(
        of: [#require(model.imageProcessor).pixels(of: image)])
      return TokenSequence(
        tokens: try builder.tokens(
          question: line.prompt, images: images), images: images)
    }
    let answers = try generator.answers(to: prompts, limit: 48)
    for (answer, line) in zip(answers, lines) {
      #expect(model.tokenizer.text(of: answer).trimmed == line.greedy.trimmed)
    }
  }

  @Test("a Llama goes on as PyTorch does, token by token")
  func greedyTokens() throws {
    let model = try GoldenParityTests.model("stories260K")
    let golden = try GreedyGolden.tokens(Fixtures.path("stories260K/golden_greedy.json"))
    let generated = try Generator(ForwardPass(model)).answers(
      to: [TokenSequence(tokens: [golden[0]])], limit: golden.count - 1)
    #expect(generated == [Array(golden.dropFirst())])
  }
}
