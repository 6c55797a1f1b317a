// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Conversion
import Fixtures
import LinearAlgebra
import Models
import Preprocessing
import Quantization
import Tensors
import TestSupport
import Testing

/// Parameters that a GGUF keeps in several tensors, cut along a dimension.
struct CutTensorTests {
  /// A GGUF of the language model, and one of the encoder.
  private static func converted(
    _ path: String, type: String, into folder: TemporaryFolder
  ) throws -> (model: String, projector: String) {
    let model = try Model(path: path, library: try DeclarationLibrary())
    let recipe = try Recipe(named: type)
    let plan = try ConversionPlan(
      gguf: model, recipe: recipe, projectorRecipe: recipe, folder: folder.path)
    let files = try Converter(plan, of: model).run().files
    return (files[0].path, files[1].path)
  }

  private static func embeddings(_ path: String) throws -> [Float] {
    let model = try Model(path: path, library: try DeclarationLibrary())
    let image = try Image(path: Fixtures.path("images/chelsea.png"))
    let pixels = try #require(model.imageProcessor).pixels(of: image)
    return try ForwardPass(model).embeddings(of: [pixels])[0].matrix.values
  }

  @Test("frames of a patch, and queries, keys and values, become tensors of their own")
  func pieces() throws {
    let copy = try FixtureCopy(visionLanguage: "qwen2vl")
    let folder = try TemporaryFolder()
    let made = try Checkpoint(
      path: try CutTensorTests.converted(copy.path, type: "F32", into: folder).projector)
    let source = try Checkpoint(path: copy.path + "/model.safetensors")
    func bytes(_ name: String, in checkpoint: Checkpoint) throws -> [UInt8] {
      let tensor = try #require(checkpoint[name], "\(name)")
      let bytes = Array(tensor.bytes)
      guard tensor.encoding == .bf16 else { return bytes }
      // The upper half of an F32.
      return (0..<bytes.count * 2).map { $0 % 4 < 2 ? 0 : bytes[$0 / 4 * 2 + $0 % 4 - 2] }
    }
    // 24 kernels of 3 channels, each with two frames of 14 x 14 numbers of 4 bytes.
    let whole = try bytes("visual.patch_embed.proj.weight", in: source)
    let size = 14 * 14 * 4
    for (frame, name) in ["v.patch_embd.weight", "v.patch_embd.weight.1"].enumerated() {
      #expect(made[name]?.shape == [24, 3, 14, 14])
      var own: [UInt8] = []
      for channel in 0..<24 * 3 {
        let start = (channel * 2 + frame) * size
        own += whole[start..<start + size]
      }
      #expect(try bytes(name, in: made) == own)
    }
    for (end, shape) in [("weight", [24, 24] as Shape), ("bias", [24])] {
      var joined: [UInt8] = []
      for name in ["attn_q", "attn_k", "attn_v"] {
        #expect(made["v.blk.1.\(name).\(end)"]?.shape == shape)
        joined += try bytes("v.blk.1.\(name).\(end)", in: made)
      }
      #expect(try bytes("visual.blocks.1.attn.qkv.\(end)", in: source) == joined)
    }
  }

  @Test("MLX has the channels of a patch behind its frames; the pieces of it are the same")
  func channelsLast() throws {
    let copy = try FixtureCopy(visionLanguage: "qwen2vl")
    let folders = try (0..<3).map { _ in try TemporaryFolder() }
    let model = try Model(path: copy.path, library: try DeclarationLibrary())
    let plan = try ConversionPlan(
      carrying: model, to: .mlx, numbers: nil, folder: folders[0].path)
    let packed = try Converter(plan, of: model).run().files[0].path
    let made = try #require(try Checkpoint(path: packed)["vision_tower.patch_embed.proj.weight"])
    #expect(made.shape == [24, 2, 14, 14, 3])
    let files = try zip(
      [copy.path, String(packed.dropLast("/model.safetensors".count))], folders.dropFirst()
    ).map { path, folder in
      try Checkpoint(path: CutTensorTests.converted(path, type: "F32", into: folder).projector)
    }
    #expect(files[0].tensors.map(\.description) == files[1].tensors.map(\.description))
    for (a, b) in zip(files[0].tensors, files[1].tensors) {
      #expect(Array(a.bytes) == Array(b.bytes))
    }
  }

  @Test("from GGUF to GGUF they stay as they are", arguments: ["F32", "Q8_0"])
  func again(type: String) throws {
    let copy = try FixtureCopy(visionLanguage: "qwen2vl")
    let (first, second) = (try TemporaryFolder(), try TemporaryFolder())
    let once = try CutTensorTests.converted(copy.path, type: type, into: first)
    let twice = try CutTensorTests.converted(once.model, type: type, into: second)
    let (old, new) = (
      try Checkpoint(path: once.projector), try Checkpoint(path: twice.projector)
    )
    #expect(old.tensors.map(\.description) == new.tensors.map(\.description))
    for (a, b) in zip(old.tensors, new.tensors) { #expect(Array(a.bytes) == Array(b.bytes)) }
  }

  @Test("a file that names the decoder's width for that inside of layers is read all the same")
  func misnamed() throws {
    let copy = try FixtureCopy(visionLanguage: "qwen2vl")
    // Files of other programs know no other proportion than 4.
    try copy.replace("\"mlp_ratio\": 2", with: "\"mlp_ratio\": 4", in: "config.json")
    try copy.rewrite { tensors in
      for i in tensors.indices {
        let name = tensors[i].description.name
        let old = tensors[i].description.shape.dimensions
        guard name.hasPrefix("visual.blocks."), name.contains(".mlp.") else { continue }
        let shape = Shape(old.map { $0 == 48 ? 96 : $0 })
        guard shape.dimensions != old else { continue }
        tensors[i].description.shape = shape
        tensors[i].bytes += tensors[i].bytes
      }
    }
    let folder = try TemporaryFolder()
    let files = try CutTensorTests.converted(copy.path, type: "F32", into: folder)
    let expected = try CutTensorTests.embeddings(copy.path)
    try GGUFCopy.rewrite(files.projector) { metadata, _ in
      #expect(metadata["clip.vision.feed_forward_length"] == .uint32(96))
      metadata["clip.vision.feed_forward_length"] = .uint32(32)
    }
    #expect(try CutTensorTests.embeddings(files.model) == expected)
  }

  @Test("a piece that is missing is named")
  func missing() throws {
    let copy = try FixtureCopy(visionLanguage: "qwen2vl")
    let folder = try TemporaryFolder()
    let files = try CutTensorTests.converted(copy.path, type: "F32", into: folder)
    try GGUFCopy.rewrite(files.projector) { _, tensors in
      tensors.removeAll { $0.description.name == "v.patch_embd.weight.1" }
    }
    let error = #expect(throws: ModelError.self) {
      try Model(path: files.model, library: try DeclarationLibrary())
    }
    #expect(error?.description.contains("v.patch_embd.weight.1") ?? false)
  }
}
