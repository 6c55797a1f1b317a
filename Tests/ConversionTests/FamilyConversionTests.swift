// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Conversion
import Fixtures
import Layers
import LinearAlgebra
import Models
import Notation
import Quantization
import Tensors
import TestSupport
import Testing

/// Conversions of each family of text decoders.
struct FamilyConversionTests {
  static let names = (try? FixtureCopy.families) ?? []

  /// Families whose fixtures have settings on purpose that no engine knows.
  static let unknown: Set = [
    "gemma2", "gemma3-text", "gpt-oss", "llama-yarn", "qwen3-moe", "qwen3.5",
    "smollm3",
  ]

  private static func converted(_ path: String, into folder: TemporaryFolder) throws -> Model {
    let model = try Model(path: path, library: try DeclarationLibrary())
    let recipe = try Recipe(named: "F32")
    let plan = try ConversionPlan(
      gguf: model, recipe: recipe, projectorRecipe: recipe, folder: folder.path)
    let file = try Converter(plan, of: model).run().files[0].path
    return try Model(path: file, library: try DeclarationLibrary())
  }

  @Test("the rope scaling of Llama 3 becomes a tensor of divisors, which stays from GGUF to GGUF")
  func ropeDivisors() throws {
    let copy = try FixtureCopy(family: "llama3")
    let original = try Model(path: copy.path, library: try DeclarationLibrary())
    let (first, second) = (try TemporaryFolder(), try TemporaryFolder())
    let model = try FamilyConversionTests.converted(copy.path, into: first)
    let divisors = try #require(try model.ropeDivisors().first)
    #expect(try original.ropeDivisors().map(\.values) == [divisors.values])
    // Heads of 8 with the base 500 turn once in 6.3, 30, 140 and 660 positions. Of a context of 32,
    // turns within 32/4 are kept, those longer than 32/1 divided by 8, those between blended.
    #expect(divisors.name == "rope_freqs.weight")
    #expect(divisors.values.count == 4 && divisors.values[0] == 1)
    #expect((1.0001...7.9999).contains(divisors.values[1]))
    #expect(divisors.values[2...].allSatisfy { abs($0 - 8) <= 1e-6 })
    let again = try FamilyConversionTests.converted(model.path, into: second)
    #expect(try again.ropeDivisors().map(\.values) == [divisors.values])
  }

  @Test("pairs that do not turn are divided by 1e30 in a GGUF, as engines want it")
  func proportionalRope() throws {
    let copy = try FixtureCopy(family: "gemma4-text")
    let folder = try TemporaryFolder()
    let model = try FamilyConversionTests.converted(copy.path, into: folder)
    // Half of the 12 pairs of heads of 24.
    let expected = [Float](repeating: 1, count: 6) + [Float](repeating: 1e30, count: 6)
    #expect(try model.ropeDivisors().map(\.values) == [expected])
    #expect(try #require(try Checkpoint(path: model.path)["rope_freqs.weight"]).shape == [12])
  }

  @Test("divisors that are no positive numbers are refused", arguments: [0, -1, Float.nan])
  func brokenDivisors(value: Float) throws {
    let folder = try TemporaryFolder()
    let copy = try FixtureCopy(family: "llama3")
    let path = try FamilyConversionTests.converted(copy.path, into: folder).path
    var bytes = try TemporaryFolder.read(path)
    let checkpoint = try Checkpoint(path: path)
    let tensor = try #require(checkpoint["rope_freqs.weight"])
    withUnsafeBytes(of: value) {
      bytes.replaceSubrange(tensor.offset..<tensor.offset + 4, with: $0)
    }
    let broken = try folder.write(bytes, to: "broken.gguf")
    let model = try Model(path: broken, library: try DeclarationLibrary())
    let error = #expect(throws: ModelError.self) { try ForwardPass(model) }
    #expect(error?.description.contains("positive") ?? false)
  }

  private static func logits(_ path: String) throws -> Matrix {
    let model = try Model(path: path, library: try DeclarationLibrary())
    return try ForwardPass(model).logits([TokenSequence(tokens: [1, 40, 300, 7, 9, 11, 13])])
  }

  @Test(
    "through a GGUF in F32 a family computes the same, engines know its settings or not",
    arguments: names)
  func exact(name: String) throws {
    let copy = try FixtureCopy(family: name)
    let folder = try TemporaryFolder()
    let model = try Model(path: copy.path, library: try DeclarationLibrary())
    let recipe = try Recipe(named: "F32")
    let plan = try ConversionPlan(
      gguf: model, recipe: recipe, projectorRecipe: recipe, folder: folder.path)
    let summary = try Converter(plan, of: model).run()
    let converted = try FamilyConversionTests.logits(summary.files[0].path)
    let original = try FamilyConversionTests.logits(copy.path)
    let scale = original.values.map(abs).max() ?? 0
    // To the last bit but for norms to which 1 is added, and for decays that go through an exponential:
    // half an ulp of it, 6e-8, a norm or a layer.
    for (a, b) in zip(converted.values, original.values) { #expect(abs(a - b) <= 2e-6 * scale) }
  }

  @Test(
    "a window that engines ignore becomes the context", arguments: ["mistral", "phi3", "qwen2"])
  func window(name: String) throws {
    let copy = try FixtureCopy(family: name)
    let model = try Model(path: copy.path, library: try DeclarationLibrary())
    let config = try #require(model.files.config)
    let window = try #require(config["sliding_window"]?.integer)
    let context = try #require(config["max_position_embeddings"]?.integer)
    #expect(window < context)
    let metadata = try model.ggufMetadata(for: [.language])
    let architecture = try #require(metadata["general.architecture"]?.string)
    #expect(metadata["\(architecture).context_length"]?.integer == window)
    for container in Model.EngineContainer.allCases {
      let notes = try model.notes(for: container)
      #expect(notes.count == 1 && notes.allSatisfy { $0.contains(" \(window) tokens") })
    }
    // Within the context there is nothing to say.
    try copy.replace(
      "\"sliding_window\": \(window)", with: "\"sliding_window\": \(context)", in: "config.json")
    let wide = try Model(path: copy.path, library: try DeclarationLibrary())
    #expect(try wide.notes(for: .gguf).isEmpty && wide.notes(for: .mlx).isEmpty)
  }

  @Test("weights of 4 bits go into a GGUF bit for bit", arguments: ["F16", "Q4_K_M", "Q8_0"])
  func mxfp4(recipe: String) throws {
    let copy = try FixtureCopy(family: "gpt-oss-mxfp4")
    let folder = try TemporaryFolder()
    let model = try Model(path: copy.path, library: try DeclarationLibrary())
    let recipe = try Recipe(named: recipe)
    let plan = try ConversionPlan(
      gguf: model, recipe: recipe, projectorRecipe: recipe, folder: folder.path)
    let path = try Converter(plan, of: model).run().files[0].path
    let converted = try Model(path: path, library: try DeclarationLibrary())
    var count = 0
    for (before, after) in zip(model.parameters, converted.parameters) {
      guard before.tensors.allSatisfy({ $0.packed != nil }) else { continue }
      count += 1
      #expect(after.tensors[0].encoding == .mxfp4)
      let rows = before.parameter.shape.dimensions[0]
      for (a, b) in zip(
        try before.matrices(rows: rows, order: .model),
        try after.matrices(rows: rows, order: .model))
      {
        #expect(a.values() == b.values())
      }
    }
    #expect(count == 6)
  }

  @Test("a layout that has no packed form is refused")
  func layouts() throws {
    let copy = try FixtureCopy(family: "gpt-oss")
    let model = try Model(path: copy.path, library: try DeclarationLibrary())
    let error = #expect(throws: ConversionError.self) {
      try ConversionPlan(
        packed: model, recipe: PackedRecipe(.compressedTensors(type: "int4")), folder: "/nowhere")
    }
    #expect(error?.description.contains("convert to GGUF") ?? false)
  }

  @Test(
    "what engines would compute otherwise has an architecture that none knows", arguments: names)
  func whole(name: String) throws {
    let copy = try FixtureCopy(family: name)
    let model = try Model(path: copy.path, library: try DeclarationLibrary())
    let metadata = try model.ggufMetadata(for: [.language])
    let isUnknown = FamilyConversionTests.unknown.contains(name)
    #expect((metadata["general.architecture"] == .string("pare")) == isUnknown)
    #expect((metadata["pare.settings.language"] != nil) == isUnknown)
    let notes = try model.notes(for: .gguf).filter { $0.hasPrefix("Pare alone") }
    #expect(notes.isEmpty != isUnknown)
  }

  @Test(
    "settings in a GGUF that are none are named with their key",
    arguments: [
      ("{", "byte 1"), ("[]", "by their names"), (#"{"layerCount": [2]}"#, "layerCount"),
      (#"{"layerCount": "two"}"#, "layerCount"),
    ])
  func brokenSettings(text: String, word: String) throws {
    let copy = try FixtureCopy(family: "smollm3")
    let folder = try TemporaryFolder()
    let path = try FamilyConversionTests.converted(copy.path, into: folder).path
    try GGUFCopy.rewrite(path) { metadata, _ in
      metadata["pare.settings.language"] = .string(text)
    }
    let error = #expect(throws: ModelError.self) {
      try Model(path: path, library: try DeclarationLibrary())
    }
    #expect(error?.description.contains(word) ?? false, "\(error?.description ?? "")")
  }
}
