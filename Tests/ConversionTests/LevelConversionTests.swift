// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Conversion
import Fixtures
import Models
import Preprocessing
import Quantization
import Tensors
import TestSupport
import Testing

/// Levels of an encoder in a GGUF, by the names and keys of llama.cpp's converter.
struct LevelConversionTests {
  private static func converted(
    _ copy: FixtureCopy, into folder: TemporaryFolder
  ) throws -> (model: String, projector: String) {
    let model = try Model(path: copy.path, library: try DeclarationLibrary())
    let recipe = try Recipe(named: "F32")
    let plan = try ConversionPlan(
      gguf: model, recipe: recipe, projectorRecipe: recipe, folder: folder.path)
    let files = try Converter(plan, of: model).run().files
    return (files[0].path, files[1].path)
  }

  @Test("engines find how many there are, and of which layers")
  func keys() throws {
    let folder = try TemporaryFolder()
    let files = try LevelConversionTests.converted(
      try FixtureCopy(visionLanguage: "qwen3vl"), into: folder)
    let (model, projector) = (
      try Checkpoint(path: files.model), try Checkpoint(path: files.projector)
    )
    #expect(model.metadata["general.architecture"] == .string("qwen3vl"))
    #expect(model.metadata["qwen3vl.n_deepstack_layers"] == .uint32(2))
    #expect(
      model.metadata["qwen3vl.rope.dimension_sections"]
        == .array(GGUFArray([4, 2, 2, 0] as [Int32])))
    #expect(projector.metadata["clip.projector_type"] == .string("qwen3vl_merger"))
    #expect(
      projector.metadata["clip.vision.is_deepstack_layers"]
        == .array(GGUFArray([true, false, true])))
    // 5 x 5 positions of patches of 8.
    #expect(projector.metadata["clip.vision.image_size"] == .uint32(40))
    #expect(projector["v.position_embd.weight"]?.shape == [25, 24])
    #expect(projector["v.patch_embd.bias"]?.shape == [24])
    #expect(projector["v.blk.2.attn_qkv.weight"]?.shape == [72, 24])
    let layers = Set(
      projector.tensors.compactMap { tensor in
        tensor.name.hasPrefix("v.deepstack.") ? tensor.name.split(separator: ".")[2] : nil
      })
    #expect(layers == ["0", "2"])
    for (name, shape) in [("norm", [96]), ("fc1", [96, 96]), ("fc2", [32, 96])] {
      #expect(projector["v.deepstack.2.\(name).weight"]?.shape.dimensions == shape)
      #expect(projector["v.deepstack.2.\(name).bias"] != nil)
    }
  }

  @Test("of a file of another program the image processor is that of the family")
  func foreign() throws {
    let folder = try TemporaryFolder()
    let files = try LevelConversionTests.converted(
      try FixtureCopy(visionLanguage: "qwen3vl"), into: folder)
    try GGUFCopy.rewrite(files.projector) { metadata, _ in
      metadata["pare.image_processor"] = nil
    }
    let model = try Model(path: files.model, library: try DeclarationLibrary())
    // Of 451 x 300: the next multiples of two patches of 8, within its bounds.
    let pixels = try #require(model.imageProcessor).pixels(
      of: Image(path: Fixtures.path("images/chelsea.png")))
    #expect([pixels.width, pixels.height] == [448, 304])
  }

  @Test("a file that says another number of levels than its encoder has is refused")
  func contradiction() throws {
    let folder = try TemporaryFolder()
    let files = try LevelConversionTests.converted(
      try FixtureCopy(visionLanguage: "qwen3vl"), into: folder)
    try GGUFCopy.rewrite(files.model) { metadata, _ in
      metadata["qwen3vl.n_deepstack_layers"] = .uint32(1)
    }
    let error = #expect(throws: ModelError.self) {
      try ForwardPass(Model(path: files.model, library: try DeclarationLibrary()))
    }
    #expect(error?.description.contains("96 channels") ?? false)
  }
}
