// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Conversion
import LinearAlgebra
import Models
import Notation
import Quantization
import Tensors
import TestSupport
import Testing

/// Experts that lie in one tensor, in folders of safetensors.
struct StoredLayoutTests {
  private static func copy(_ name: String) throws -> FixtureCopy {
    name.hasPrefix("qwen")
      ? try FixtureCopy(visionLanguage: name) : try FixtureCopy(family: name)
  }

  private static func model(_ path: String) throws -> Model {
    try Model(path: path, library: try DeclarationLibrary())
  }

  private static func converted(
    _ model: Model, to encoding: Encoding, in folder: TemporaryFolder
  ) throws -> Model {
    let plan = try ConversionPlan(safetensors: model, encoding: encoding, folder: folder.path)
    let file = try Converter(plan, of: model).run().files[0].path
    return try StoredLayoutTests.model(String(file.dropLast("/model.safetensors".count)))
  }

  private static func logits(_ model: Model) throws -> Matrix {
    try ForwardPass(model).logits([TokenSequence(tokens: [1, 40, 300, 7, 9, 11, 13])])
  }

  @Test(
    "tensors keep their names, shapes and bytes", arguments: ["gpt-oss", "qwen3vl-moe"])
  func carried(name: String) throws {
    let copy = try StoredLayoutTests.copy(name)
    let folder = try TemporaryFolder()
    let model = try StoredLayoutTests.model(copy.path)
    let result = try StoredLayoutTests.converted(model, to: .bf16, in: folder)
    let (before, after) = (model.files.checkpoint, result.files.checkpoint)
    #expect(before.tensors.map(\.name).sorted() == after.tensors.map(\.name).sorted())
    for tensor in before.tensors {
      let own = try #require(after[tensor.name])
      #expect(own.shape == tensor.shape && own.encoding == .bf16)
      #expect(Array(own.bytes) == Array(tensor.bytes), "\(tensor.name)")
    }
  }

  @Test(
    "the model computes the same", arguments: ["gpt-oss", "gpt-oss-mxfp4", "qwen3vl-moe"])
  func same(name: String) throws {
    let copy = try StoredLayoutTests.copy(name)
    let folder = try TemporaryFolder()
    let model = try StoredLayoutTests.model(copy.path)
    let result = try StoredLayoutTests.converted(model, to: .f32, in: folder)
    #expect(try StoredLayoutTests.logits(result) == StoredLayoutTests.logits(model))
  }

  @Test("weights of 4 bits are written as Hugging Face has those of 16: inputs as rows")
  func unpacked() throws {
    let (packed, plain) = (
      try FixtureCopy(family: "gpt-oss-mxfp4"), try FixtureCopy(family: "gpt-oss")
    )
    let folder = try TemporaryFolder()
    let result = try StoredLayoutTests.converted(
      try StoredLayoutTests.model(packed.path), to: .bf16, in: folder)
    #expect(result.files.config?["quantization_config"] == nil)
    let original = try StoredLayoutTests.model(plain.path).files.checkpoint
    let own = result.files.checkpoint
    #expect(own.tensors.map(\.name).sorted() == original.tensors.map(\.name).sorted())
    // Experts of 64 channels, and of 40 in the other fixture.
    let prefix = "model.layers.0.mlp.experts."
    #expect(own[prefix + "gate_up_proj"]?.shape == [5, 32, 128])
    #expect(original[prefix + "gate_up_proj"]?.shape == [5, 32, 80])
    #expect(own[prefix + "down_proj"]?.shape == [5, 64, 32])
    #expect(own[prefix + "gate_up_proj_bias"]?.shape == [5, 128])
  }

  @Test("experts that MLX has stacked are refused")
  func stacked() throws {
    let copy = try FixtureCopy(visionLanguage: "qwen3vl-moe")
    let folder = try TemporaryFolder()
    let plan = try ConversionPlan(
      packed: try StoredLayoutTests.model(copy.path), recipe: PackedRecipe(.mlx(type: "8bit")),
      folder: folder.path)
    _ = try Converter(plan, of: try StoredLayoutTests.model(copy.path)).run()
    let model = try StoredLayoutTests.model(folder.path + "/qwen3vl-moe-8bit")
    let error = #expect(throws: ConversionError.self) {
      try ConversionPlan(safetensors: model, encoding: .f16, folder: "/nowhere")
    }
    #expect(error?.description.contains("MLX") ?? false)
  }
}
