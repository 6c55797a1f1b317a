// SPDX-License-Identifier: Apache-2.0

import Quantization
import Tensors
import Testing

struct RecipeTests {
  /// A tensor of a language model.
  private static func tensor(
    _ role: String, _ shape: Shape = [4096, 4096], layer: Int? = 0, of layerCount: Int? = 32,
    experts: Int = 0, isTied: Bool = false
  ) -> QuantizableTensor {
    QuantizableTensor(
      role: "language." + role, shape: shape, layer: layer, layerCount: layerCount,
      expertCount: experts, isTied: isTied)
  }

  @Test("every recipe of the program is read, and chooses for every role", arguments: Recipe.names)
  func recipes(name: String) throws {
    let recipe = try Recipe(named: name.lowercased())
    #expect(recipe.name == name)
    #expect(!recipe.about.isEmpty)
    #expect(recipe.fileType != nil)
    if let projector = recipe.projector { _ = try Recipe(named: projector) }
    for role in ["attention.query", "feedForward.down", "embedding.table", "norm.norm"] {
      _ = try recipe.choice(for: RecipeTests.tensor(role))
    }
  }

  @Test("Q4_K_M spends more bits on the layers that llama.cpp's mix does")
  func moreBits() throws {
    let recipe = try Recipe(named: "Q4_K_M")
    for count in [4, 5, 12, 22, 32, 80] {
      for layer in 0..<count {
        let isFirst = layer < count / 8
        let isLast = layer >= 7 * count / 8
        let more = isFirst || isLast || (layer - count / 8) % 3 == 2
        for role in ["attention.value", "feedForward.down", "experts.down"] {
          let tensor = RecipeTests.tensor(role, layer: layer, of: count)
          #expect(try recipe.choice(for: tensor).encoding == (more ? .q6_K : .q4_K))
        }
        let gate = RecipeTests.tensor("feedForward.gate", layer: layer, of: count)
        #expect(try recipe.choice(for: gate).encoding == .q4_K)
      }
    }
  }

  @Test("with eight experts, what all of them share gets more bits")
  func experts() throws {
    let recipe = try Recipe(named: "Q4_K_M")
    func encoding(_ role: String) throws -> Encoding {
      try recipe.choice(for: RecipeTests.tensor(role, layer: 6, experts: 8)).encoding
    }
    #expect(try encoding("attention.key") == .q8_0)
    #expect(try encoding("attention.value") == .q8_0)
    #expect(try encoding("attention.output") == .q5_K)
    #expect(try encoding("attention.query") == .q4_K)
    #expect(try encoding("experts.router") == .f32)
  }

  @Test("the output gets six bits, and the table of embeddings if it is the output")
  func output() throws {
    let recipe = try Recipe(named: "Q4_K_M")
    func encoding(_ role: String, isTied: Bool) throws -> Encoding {
      let tensor = RecipeTests.tensor(role, layer: nil, of: nil, isTied: isTied)
      return try recipe.choice(for: tensor).encoding
    }
    #expect(try encoding("output.output", isTied: false) == .q6_K)
    #expect(try encoding("embedding.table", isTied: false) == .q4_K)
    #expect(try encoding("embedding.table", isTied: true) == .q6_K)
  }

  @Test("vectors and positions stay exact in every recipe", arguments: Recipe.names)
  func exact(name: String) throws {
    let recipe = try Recipe(named: name)
    #expect(
      try recipe.choice(for: RecipeTests.tensor("norm.norm", [4096])).encoding == .f32)
    let positions = QuantizableTensor(
      role: "vision.patchEmbedding.positions", shape: [577, 1024], layer: nil, layerCount: nil,
      expertCount: 0, isTied: false)
    #expect(try recipe.choice(for: positions).encoding == .f32)
  }

  @Test("whatever the width, the encoding fits, and a fallback says what was wanted")
  func fallbacks() {
    for wanted in [Encoding.q4_K, .q5_K, .q6_K, .q8_0, .q4_0, .f16, .f32] {
      for width in 1...1000 {
        let choice = EncodingChoice(wanted: wanted, reason: nil, shape: [7, width])
        #expect(width % choice.encoding.elementsPerBlock == 0)
        #expect(choice.wanted == wanted)
        #expect(choice.isFallback == (width % wanted.elementsPerBlock != 0))
      }
    }
    #expect(EncodingChoice(wanted: .q4_K, reason: nil, shape: [2, 384]).encoding == .q5_0)
    #expect(EncodingChoice(wanted: .q5_K, reason: nil, shape: [2, 384]).encoding == .q5_1)
    #expect(EncodingChoice(wanted: .q6_K, reason: nil, shape: [2, 384]).encoding == .q8_0)
    #expect(EncodingChoice(wanted: .q4_K, reason: nil, shape: [2, 172]).encoding == .f16)
  }

  @Test(
    "mistakes in a recipe are named",
    arguments: [
      ("{", "byte"), ("{}", "name"), (#"{"name": "x", "rules": [{}]}"#, "rules[0]"),
      (#"{"name": "x", "rules": [{"type": "Q99"}]}"#, "Q4_K"),
      (#"{"name": "x", "rules": [{"type": "F16", "role": "a"}]}"#, "'role'"),
      (#"{"name": "x", "rules": [{"type": "F16", "when": "layer <"}]}"#, "when"),
      (#"{"name": "x", "extends": "y", "rules": []}"#, "'y'"),
      (#"{"name": "x", "rule": [], "rules": []}"#, "'rule'"),
      (#"{"name": "../x", "rules": []}"#, "'../x'"), (#"{"name": "", "rules": []}"#, "name"),
    ])
  func mistakes(text: String, word: String) {
    let error = #expect(throws: RecipeError.self) { try Recipe(text: text, name: "test") }
    #expect(error?.description.contains(word) ?? false, "\(error?.description ?? "")")
  }

  @Test("a tensor that no rule fits is an error, not a guess")
  func noRule() throws {
    let recipe = try Recipe(
      text: #"{"name": "x", "rules": [{"roles": ["vision.*"], "type": "F16"}]}"#, name: "x")
    let error = #expect(throws: RecipeError.self) {
      try recipe.choice(for: RecipeTests.tensor("attention.query"))
    }
    #expect(error?.description.contains("language.attention.query") ?? false)
    #expect(throws: RecipeError.self) { try Recipe(named: "Q4_K_XXL") }
    #expect(throws: RecipeError.self) { try Recipe(named: "base") }
  }
}
