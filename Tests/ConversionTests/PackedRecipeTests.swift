// SPDX-License-Identifier: Apache-2.0

import Conversion
import Quantization
import Tensors
import Testing

struct PackedRecipeTests {
  private static func tensor(_ role: String, layer: Int?) -> QuantizableTensor {
    QuantizableTensor(
      role: role, shape: [64, 128], layer: layer, layerCount: 4, expertCount: 0, isTied: false)
  }

  @Test("the first rule that fits decides; a tensor without one is told")
  func rules() throws {
    let recipe = try PackedRecipe(
      mlx: """
        {"name": "mine", "container": "mlx", "rules": [
          {"roles": ["language.feedForward.*"], "when": "layer >= 2", "type": "3bit-g32"},
          {"roles": ["language.feedForward.*", "language.output.output"], "type": "6bit"}]}
        """, name: "mine.json")
    #expect(recipe.name == "mine")
    for (role, layer, name) in [
      ("language.feedForward.up", 1, "6bit"), ("language.feedForward.up", 2, "3bit-g32"),
      ("language.output.output", nil, "6bit"),
    ] as [(String, Int?, String)] {
      let target = try recipe.target(for: Self.tensor(role, layer: layer))
      #expect(target.name == name)
      #expect(target.groupSize == (name.hasSuffix("g32") ? 32 : 64))
    }
    #expect(throws: RecipeError.self) {
      try recipe.target(for: Self.tensor("language.attention.query", layer: 0))
    }
  }

  @Test(
    "mistakes are told with their place",
    arguments: [
      (#"{"name": "a", "rules": []}"#, "container"),
      (#"{"name": "a", "container": "gguf", "rules": []}"#, "container"),
      (#"{"container": "mlx", "rules": []}"#, "'name'"),
      (#"{"name": "a/b", "container": "mlx", "rules": []}"#, "a/b"),
      (#"{"name": "a", "container": "mlx", "rules": [{"type": "Q4_K"}]}"#, "rules[0]: type"),
      (#"{"name": "a", "container": "mlx", "rules": [{"type": "4bit-g33"}]}"#, "rules[0]: type"),
      (#"{"name": "a", "container": "mlx", "rules": [{"type": "4bit-g32-x"}]}"#, "rules[0]: type"),
      (#"{"name": "a", "container": "mlx", "rules": [{"type": "4bit", "when": "("}]}"#, "when"),
      (#"{"name": "a", "container": "mlx", "rules": [{"type": "4bit", "x": 1}]}"#, "'x'"),
      (#"{"name": "a", "container": "mlx", "rules": [], "extends": "b"}"#, "'extends'"),
      ("[", "a.json"),
    ])
  func mistakes(text: String, place: String) {
    let error = #expect(throws: RecipeError.self) {
      _ = try PackedRecipe(mlx: text, name: "a.json")
    }
    #expect(error.map { "\($0)".contains(place) } ?? false, "\(String(describing: error))")
  }
}
