// SPDX-License-Identifier: Apache-2.0

import Notation
import Quantization
import Tensors
import TestSupport
import Testing

struct RecipeWriterTests {
  @Test("the recipe gives each tensor its encoding, and reads back", arguments: [1, 2, 3, 4])
  func givesBack(_ seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let encodings: [Encoding] = [.q2_K, .q4_K, .q8_0, .f32]
    var entries: [RecipeWriter.Entry] = []
    func add(_ role: String, _ layer: Int?) throws {
      entries.append(
        RecipeWriter.Entry(
          role: role, layer: layer,
          type: try #require(encodings.randomElement(using: &random)).rawValue))
    }
    try add("language.embedding.table", nil)
    for layer in 0..<90 {
      for role in ["language.attention.query", "vision.feedForward.up"] { try add(role, layer) }
    }
    let json = RecipeWriter.recipe(name: "mine", about: "A test.", entries: entries)
    let recipe = try Recipe(text: json.text(), name: "mine.json")
    #expect(recipe.name == "mine" && recipe.projector == nil)
    for entry in entries {
      let choice = try recipe.choice(
        for: QuantizableTensor(
          role: entry.role, shape: [64, 256], layer: entry.layer, layerCount: 90, expertCount: 0,
          isTied: false))
      #expect(choice.encoding.rawValue == entry.type)
    }
  }
}
