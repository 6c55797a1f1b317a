// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Conversion
import LinearAlgebra
import Models
import Quantization
import TestSupport
import Testing

/// GGUF files with layers behind the decoder's that guess tokens ahead, as llama.cpp's converter writes
/// Qwen3.5 unless it is told not to.
struct AheadLayersTests {
  private static func gguf(_ family: String, in folder: TemporaryFolder) throws -> String {
    let copy = try FixtureCopy(visionLanguage: family)
    let model = try Model(path: copy.path, library: try DeclarationLibrary())
    let recipe = try Recipe(named: "F32")
    let plan = try ConversionPlan(
      gguf: model, recipe: recipe, projectorRecipe: recipe, folder: folder.path)
    return try Converter(plan, of: model).run().files[0].path
  }

  private static func logits(_ model: Model) throws -> Matrix {
    try ForwardPass(model).logits([TokenSequence(tokens: [1, 40, 300, 7, 9, 120])])
  }

  @Test(
    "they are left out with a reason, however many there are",
    arguments: [("qwen3.5", "qwen35", 1), ("qwen3.5-moe", "qwen35moe", 2)])
  func ahead(family: String, architecture: String, count: Int) throws {
    let folder = try TemporaryFolder()
    let path = try Self.gguf(family, in: folder)
    let plain = try Model(path: path, library: try DeclarationLibrary())
    let expected = try Self.logits(plain)
    let layers = try #require(
      plain.files.checkpoint.metadata["\(architecture).block_count"]?.integer)
    try GGUFCopy.rewrite(path) { metadata, tensors in
      metadata["\(architecture).block_count"] = .uint32(UInt32(layers + count))
      metadata["\(architecture).nextn_predict_layers"] = .uint32(UInt32(count))
      let norm = try #require(tensors.first { $0.description.name == "blk.0.attn_norm.weight" })
      for layer in layers..<layers + count {
        for name in ["attn_norm", "nextn.enorm", "nextn.hnorm", "nextn.shared_head_norm"] {
          var tensor = norm
          tensor.description.name = "blk.\(layer).\(name).weight"
          tensors.append(tensor)
        }
      }
    }
    let model = try Model(path: path, library: try DeclarationLibrary())
    #expect(model.census.dropped.count == 4 * count)
    #expect(model.census.dropped.allSatisfy { $0.reason.contains("guesses tokens ahead") })
    #expect(try Self.logits(model) == expected)
    for (a, b) in zip(plain.architecture.parts, model.architecture.parts) {
      #expect(a.settings == b.settings)
    }
  }

  @Test("without the number of such layers a file with their tensors is refused")
  func silent() throws {
    let folder = try TemporaryFolder()
    let path = try Self.gguf("qwen3.5", in: folder)
    try GGUFCopy.rewrite(path) { _, tensors in
      var norm = try #require(tensors.first { $0.description.name == "blk.0.attn_norm.weight" })
      norm.description.name = "blk.99.attn_norm.weight"
      tensors.append(norm)
    }
    let error = #expect(throws: ModelError.self) {
      try Model(path: path, library: try DeclarationLibrary())
    }
    #expect(error?.description.contains("'blk.99.attn_norm.weight' has no place") ?? false)
  }
}
