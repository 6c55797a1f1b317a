// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import LinearAlgebra
import Models
import Preprocessing
import TestSupport
import Testing

/// The ways in which published checkpoints name the parts of LLaVA and its relatives.
struct PrefixLayoutTests {
  /// Prefixes as the fixtures have them, and what else stands for them.
  enum Layout: String, CaseIterable {
    /// As the models lie in transformers' memory.
    case memory
    /// The same with a second name for the vision tower.
    case older
    /// The first files of these models.
    case original

    func name(_ name: String) -> String {
      let rest = name.split(separator: ".", maxSplits: 1).dropFirst().first.map(String.init) ?? ""
      switch (self, name) {
      case (.memory, "language_model.lm_head.weight"), (.older, "language_model.lm_head.weight"):
        return "lm_head.weight"
      case (.original, _) where name.hasPrefix("vision_tower."):
        return "vision_tower.vision_model." + rest
      case (.original, _): return name
      case (.older, _) where name.hasPrefix("vision_tower."):
        return "model.vision_tower.vision_model." + rest
      case (_, _) where name.hasPrefix("language_model.model."):
        return "model.language_model." + name.dropFirst("language_model.model.".count)
      default: return "model." + name
      }
    }
  }

  private static func logits(_ path: String) throws -> Matrix {
    let model = try Model(path: path, library: try DeclarationLibrary())
    let forward = try ForwardPass(model)
    let image = Image(
      width: 90, height: 60, pixels: (0..<90 * 60 * 3).map { UInt8(truncatingIfNeeded: $0 * 7) })
    let images = try forward.embeddings(of: [#require(model.imageProcessor).pixels(of: image)])
    let token = try #require(model.architecture.imageToken)
    let tokens = [1, 40] + [Int](repeating: token, count: images[0].rows) + [300, 7, 9]
    return try forward.logits([TokenSequence(tokens: tokens, images: images)])
  }

  @Test(
    "all layouts are the same model",
    arguments: ["paligemma", "llava-next", "llava-siglip", "pixtral", "mistral3"],
    Layout.allCases)
  func layouts(family: String, layout: Layout) throws {
    let copy = try FixtureCopy(visionLanguage: family)
    let original = try PrefixLayoutTests.logits(copy.path)
    try copy.rewrite { tensors in
      for i in tensors.indices {
        tensors[i].description.name = layout.name(tensors[i].description.name)
      }
    }
    #expect(try PrefixLayoutTests.logits(copy.path) == original)
  }
}
