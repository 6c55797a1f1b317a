// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Fixtures
import Models
import Notation
import Preprocessing
import Tensors
import TestSupport
import Testing

/// Each declared family of vision-language models against transformers' class of it, on random
/// parameters and one or two images that its own processor prepared.
///
/// The tolerance is that of ``ArchitectureParityTests``.
struct VisionLanguageParityTests {
  static let names = (try? FixtureCopy.visionLanguageFamilies) ?? []
  static let tolerance = ArchitectureParityTests.tolerance

  private static func golden(_ name: String) throws -> Checkpoint {
    try Checkpoint(path: Fixtures.path("vision-language/\(name)/golden.safetensors"))
  }

  /// What transformers' processor makes of the images, and that ours makes the same.
  private static func pixels(of model: Model, _ golden: Checkpoint) throws -> [PixelTensor] {
    var result: [PixelTensor] = []
    for (name, file) in [("pixels", "chelsea"), ("pixels.1", "astronaut-tall")] {
      guard let pixels = golden[name] else { continue }
      let image = try Image(path: Fixtures.path("images/\(file).png"))
      let own = try #require(model.imageProcessor).pixels(of: image)
      let shape = pixels.shape.dimensions
      let overview = name == "pixels" ? golden["pixels.overview"] : nil
      let count = (own.tiles?.count ?? 1) - (overview == nil ? 0 : 1)
      #expect(shape == [count, own.channels, own.height, own.width])
      #expect(
        own.tiles?.overviewSize.map { [1, own.channels, $0.height, $0.width] }
          == overview?.shape.dimensions)
      let values =
        try golden.pixels(name) + (overview == nil ? [] : golden.pixels("pixels.overview"))
      // The levels of the image are the same; the last bit of a product may not be.
      #expect(own.values.largestDifference(from: values) <= 2e-6)
      result.append(
        PixelTensor(
          channels: shape[1], height: shape[2], width: shape[3], tiles: own.tiles, values: values))
    }
    return result
  }

  /// The error of each intermediate and of the logits.
  private static func errors(
    of copy: FixtureCopy, beside name: String, declarations: [String] = []
  ) throws -> [String: Double] {
    let golden = try golden(name)
    let model = try Model(path: copy.path, library: try DeclarationLibrary(files: declarations))
    var traced: [String: (shape: Shape, values: [Float])] = [:]
    let sink: TraceSink = { traced[$0] = ($1, $2) }
    let tokens = try #require(golden["tokens"]).integers
    let question = golden["question"]?.integers.first ?? 0
    let forward = try ForwardPass(model)
    let images = try forward.embeddings(of: try pixels(of: model, golden), trace: sink)
    let sequence = TokenSequence(tokens: tokens, images: images, promptCount: question)
    _ = try forward.logits([sequence], trace: sink)
    var errors: [String: Double] = [:]
    for tensor in golden.tensors
    where !["tokens", "question"].contains(tensor.name) && !tensor.name.hasPrefix("pixels") {
      let ours = try #require(traced[tensor.name], "\(tensor.name) was not traced")
      guard tensor.name == "logits" else {
        #expect(ours.shape == tensor.shape, "\(tensor.name)")
        errors[tensor.name] = ours.values.relativeDistance(from: tensor.floats)
        continue
      }
      // Those of the last tokens alone are kept.
      #expect(ours.shape.dimensions == [tokens.count, tensor.shape.dimensions[1]])
      #expect(tensor.shape.dimensions[0] == min(tokens.count, 24))
      errors[tensor.name] = Array(ours.values.suffix(tensor.floats.count))
        .relativeDistance(from: tensor.floats)
    }
    return errors
  }

  @Test("there are fixtures")
  func present() { #expect(VisionLanguageParityTests.names.count >= 5) }

  @Test("every intermediate equals that of transformers", arguments: names)
  func parity(name: String) throws {
    let errors = try VisionLanguageParityTests.errors(
      of: try FixtureCopy(visionLanguage: name), beside: name)
    #expect(errors.count >= 8)
    for (intermediate, error) in errors.sorted(by: { $0.key < $1.key }) {
      #expect(error <= VisionLanguageParityTests.tolerance, "\(intermediate): \(error)")
    }
  }

  struct Mistake: Sendable, CustomTestStringConvertible {
    let model: String
    let what: String
    let part: String
    let changes: JSON
    var testDescription: String { "\(model): \(what)" }
  }

  static let mistakes: [Mistake] = names.flatMap { name -> [Mistake] in
    let path = Fixtures.path("vision-language/\(name)/mistakes.json")
    guard let bytes = try? TemporaryFolder.read(path),
      let json = try? JSON(parsing: String(decoding: bytes, as: UTF8.self))
    else { return [] }
    return (json.object ?? JSON.Object()).map {
      Mistake(
        model: name, what: $0, part: $1["part"]?.string ?? "", changes: $1["changes"] ?? .null)
    }
  }

  @Test("each has mistakes to be told from", arguments: names)
  func covered(name: String) {
    #expect(VisionLanguageParityTests.mistakes.contains { $0.model == name })
  }

  @Test("a mistake in the declaration of a part shows", arguments: mistakes)
  func mistake(mistake: Mistake) throws {
    let copy = try FixtureCopy(visionLanguage: mistake.model)
    let architecture = try Model(path: copy.path, library: try DeclarationLibrary()).architecture
    let kind = try #require(PartDeclaration.Kind(rawValue: mistake.part))
    let part = try #require(architecture.part(kind)).declaration.name
    let declarations: [(name: String, base: String, changes: JSON)] = [
      ("mistake", part, mistake.changes),
      ("mistaken", architecture.name, ["parts.\(mistake.part).declaration": "mistake"]),
    ]
    let files = try declarations.map { name, base, changes in
      let json: JSON = ["name": .string(name), "extends": .string(base), "changes": changes]
      try copy.write(Array(json.text().utf8), to: name + ".architecture")
      return copy.file(name + ".architecture")
    }
    let errors = try VisionLanguageParityTests.errors(
      of: copy, beside: mistake.model, declarations: files)
    let error = try #require(errors["logits"])
    #expect(error >= 10 * VisionLanguageParityTests.tolerance, "\(error)")
  }
}
