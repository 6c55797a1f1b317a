// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Conversion
import LinearAlgebra
import Models
import Quantization
import TestSupport
import Tensors
import Testing

/// Experts whose matrices lie in one tensor, gate and up as halves of it.
struct StackedExpertsTests {
  private static let layers = "model.language_model.layers."

  /// The logits of a text.
  private static func logits(_ path: String) throws -> Matrix {
    let model = try Model(path: path, library: try DeclarationLibrary())
    return try ForwardPass(model).logits([TokenSequence(tokens: [1, 40, 300, 7, 9, 120])])
  }

  /// A matrix of each expert, turned.
  private static func transposed(_ tensor: FixtureCopy.Tensor) -> FixtureCopy.Tensor {
    var result = tensor
    let d = tensor.description.shape.dimensions
    result.description.shape = Shape([d[0], d[2], d[1]])
    for index in 0..<d[0] * d[1] * d[2] {
      let (expert, place) = index.quotientAndRemainder(dividingBy: d[1] * d[2])
      let (row, column) = place.quotientAndRemainder(dividingBy: d[2])
      let target = expert * d[1] * d[2] + column * d[1] + row
      result.bytes[target * 2] = tensor.bytes[index * 2]
      result.bytes[target * 2 + 1] = tensor.bytes[index * 2 + 1]
    }
    return result
  }

  /// The model as the hub has it, with inputs as rows.
  private static func turned() throws -> FixtureCopy {
    let copy = try FixtureCopy(visionLanguage: "qwen3vl-moe")
    try copy.rewrite { tensors in
      for index in tensors.indices where tensors[index].description.name.contains(".experts.") {
        tensors[index] = transposed(tensors[index])
      }
    }
    return copy
  }

  private static func converted(
    _ copy: FixtureCopy, to type: String, in folder: TemporaryFolder
  ) throws -> String {
    let model = try Model(path: copy.path, library: try DeclarationLibrary())
    let plan: ConversionPlan
    if type.hasSuffix("bit") {
      plan = try ConversionPlan(
        packed: model, recipe: PackedRecipe(.mlx(type: type)), folder: folder.path)
    } else {
      let recipe = try Recipe(named: type)
      plan = try ConversionPlan(
        gguf: model, recipe: recipe, projectorRecipe: recipe, folder: folder.path)
    }
    return try Converter(plan, of: model).run().files[0].path
  }

  @Test("outputs as rows, or inputs as rows, give the same results and files")
  func orientations() throws {
    let (plain, turned) = (
      try FixtureCopy(visionLanguage: "qwen3vl-moe"), try StackedExpertsTests.turned()
    )
    #expect(
      try StackedExpertsTests.logits(plain.path) == StackedExpertsTests.logits(turned.path))
    for type in ["F16", "Q8_0", "4bit"] {
      let (first, second) = (try TemporaryFolder(), try TemporaryFolder())
      let files = [
        try Checkpoint(path: StackedExpertsTests.converted(plain, to: type, in: first)),
        try Checkpoint(path: StackedExpertsTests.converted(turned, to: type, in: second)),
      ]
      #expect(files[0].tensors.map(\.description) == files[1].tensors.map(\.description))
      for (a, b) in zip(files[0].tensors, files[1].tensors) where a.packed == nil {
        #expect(Array(a.bytes) == Array(b.bytes), "\(a.name)")
      }
    }
  }

  @Test("a GGUF has gate and up of each layer apart, all experts in one tensor")
  func gguf() throws {
    let copy = try FixtureCopy(visionLanguage: "qwen3vl-moe")
    let folder = try TemporaryFolder()
    let made = try Checkpoint(
      path: StackedExpertsTests.converted(copy, to: "F32", in: folder))
    #expect(made.metadata["general.architecture"] == .string("qwen3vlmoe"))
    #expect(made.metadata["qwen3vlmoe.expert_count"] == .uint32(5))
    #expect(made.metadata["qwen3vlmoe.expert_used_count"] == .uint32(2))
    #expect(made.metadata["qwen3vlmoe.expert_feed_forward_length"] == .uint32(24))
    let source = try Checkpoint(path: copy.path)
    for layer in 0..<3 {
      let joint = try #require(
        source["\(StackedExpertsTests.layers)\(layer).mlp.experts.gate_up_proj"])
      for (place, name) in ["gate", "up"].enumerated() {
        let tensor = try #require(made["blk.\(layer).ffn_\(name)_exps.weight"])
        #expect(tensor.shape == [5, 24, 32])
        // BF16 is the upper half of an F32.
        var expected: [UInt8] = []
        for expert in 0..<5 {
          let start = (expert * 2 + place) * 24 * 32 * 2
          for index in stride(from: start, to: start + 24 * 32 * 2, by: 2) {
            expected += [0, 0, joint.bytes[index], joint.bytes[index + 1]]
          }
        }
        #expect(Array(tensor.bytes) == expected)
      }
      #expect(made["blk.\(layer).ffn_down_exps.weight"]?.shape == [5, 32, 24])
    }
  }

  @Test("an MLX folder has them under the names of its loaders, and is read again")
  func mlx() throws {
    let (folder, again) = (try TemporaryFolder(), try TemporaryFolder())
    let copy = try FixtureCopy(visionLanguage: "qwen3vl-moe")
    let path = try StackedExpertsTests.converted(copy, to: "8bit", in: folder)
    let made = try Checkpoint(path: path)
    for name in ["gate", "up"] {
      let module = "language_model.model.layers.2.mlp.switch_mlp.\(name)_proj"
      // Four codes a word, one group a row.
      #expect(made[module + ".weight"]?.shape == [5, 24, 8])
      #expect(made[module + ".scales"]?.shape == [5, 24, 1])
      #expect(made[module + ".biases"]?.shape == [5, 24, 1])
    }
    // Rows of 24 are no whole groups.
    let down = try #require(
      made["language_model.model.layers.2.mlp.switch_mlp.down_proj.weight"])
    #expect(down.encoding == .bf16 && down.shape == [5, 32, 24])
    let model = try Model(
      path: String(path.dropLast("/model.safetensors".count)), library: try DeclarationLibrary())
    let carried = try Converter(
      ConversionPlan(carrying: model, to: .mlx, numbers: nil, folder: again.path), of: model
    ).run().files[0].path
    let second = try Checkpoint(path: carried)
    #expect(made.tensors.map(\.description) == second.tensors.map(\.description))
    let original = try StackedExpertsTests.logits(copy.path)
    let scale = original.values.map(abs).max() ?? 0
    let quantized = try ForwardPass(model).logits(
      [TokenSequence(tokens: [1, 40, 300, 7, 9, 120])])
    // Weights of 8 bits are off by 1/256 of a group's range, sums of them far less.
    for (a, b) in zip(quantized.values, original.values) { #expect(abs(a - b) <= 0.05 * scale) }
    let same = try Model(
      path: String(carried.dropLast("/model.safetensors".count)),
      library: try DeclarationLibrary())
    #expect(
      try ForwardPass(same).logits([TokenSequence(tokens: [1, 40, 300, 7, 9, 120])]) == quantized)
  }

  @Test(
    "experts of tensors of their own are stacked in an MLX folder, too",
    arguments: [("qwen3-moe", "mlp"), ("mixtral", "block_sparse_moe")])
  func apart(family: String, block: String) throws {
    let (copy, folders) = (
      try FixtureCopy(family: family), try (0..<2).map { _ in try TemporaryFolder() }
    )
    let model = try Model(path: copy.path, library: try DeclarationLibrary())
    let plan = try ConversionPlan(carrying: model, to: .mlx, numbers: nil, folder: folders[0].path)
    let paths = [
      try Converter(plan, of: model).run().files[0].path,
      try StackedExpertsTests.converted(copy, to: "8bit", in: folders[1]),
    ]
    for path in paths {
      let made = try Checkpoint(path: path)
      let gates = made.tensors.filter {
        $0.name.hasSuffix(".\(block).switch_mlp.gate_proj.weight")
      }
      #expect(!gates.isEmpty && gates.allSatisfy { $0.shape.dimensions.count == 3 })
      #expect(!made.tensors.contains { $0.name.contains(".experts.") })
    }
    let read = try paths.map {
      try StackedExpertsTests.logits(String($0.dropLast("/model.safetensors".count)))
    }
    #expect(try read[0] == StackedExpertsTests.logits(copy.path))
    #expect(read[1] != read[0])
  }

  @Test(
    "experts whose rows take turns in one tensor are apart in an MLX folder, with the same values",
    arguments: ["gpt-oss", "gpt-oss-mxfp4"])
  func turns(family: String) throws {
    let (copy, folder) = (try FixtureCopy(family: family), try TemporaryFolder())
    let model = try Model(path: copy.path, library: try DeclarationLibrary())
    let plan = try ConversionPlan(carrying: model, to: .mlx, numbers: nil, folder: folder.path)
    let path = try Converter(plan, of: model).run().files[0].path
    let made = try Checkpoint(path: path)
    for name in ["gate", "up", "down"] {
      let experts = "model.layers.1.mlp.experts.\(name)_proj."
      #expect(made[experts + "bias"]?.shape.dimensions.first == 5)
      #expect((made[experts + "scales"] != nil) == (family == "gpt-oss-mxfp4"))
    }
    #expect(try StackedExpertsTests.logits(path) == StackedExpertsTests.logits(copy.path))
  }

  @Test("a shape that does not tell which it is, is refused")
  func ambiguous() throws {
    let copy = try FixtureCopy(visionLanguage: "qwen3vl-moe")
    try copy.replace(
      "\"moe_intermediate_size\": 24", with: "\"moe_intermediate_size\": 16", in: "config.json")
    try copy.rewrite { tensors in
      for index in tensors.indices where tensors[index].description.name.contains(".experts.") {
        let isDown = tensors[index].description.name.hasSuffix("down_proj")
        let shape: Shape = isDown ? [5, 32, 16] : [5, 32, 32]
        tensors[index].description.shape = shape
        tensors[index].bytes = Array(tensors[index].bytes.prefix(5 * 32 * (isDown ? 16 : 32) * 2))
      }
    }
    let error = #expect(throws: ModelError.self) {
      try Model(path: copy.path, library: try DeclarationLibrary())
    }
    #expect(error?.description.contains("does not tell") ?? false)
  }

  @Test("where experts have no packed form, it is said before anything is written")
  func packed() throws {
    let copy = try FixtureCopy(visionLanguage: "qwen3vl-moe")
    let model = try Model(path: copy.path, library: try DeclarationLibrary())
    let error = #expect(throws: ConversionError.self) {
      try ConversionPlan(
        packed: model, recipe: PackedRecipe(.compressedTensors(type: "int4")), folder: "/nowhere")
    }
    #expect(error?.description.contains("convert to GGUF") ?? false)
  }

  @Test("what gate and up share counts once among the bytes that were read")
  func bytes() throws {
    let (copy, folder) = (
      try FixtureCopy(visionLanguage: "qwen3vl-moe"), try TemporaryFolder()
    )
    let model = try Model(path: copy.path, library: try DeclarationLibrary())
    let plan = try ConversionPlan(
      packed: model, recipe: PackedRecipe(.mlx(type: "8bit")), folder: folder.path)
    let summary = try Converter(plan, of: model).run()
    #expect(
      summary.sourceByteCount
        == (try Checkpoint(path: copy.path)).tensors.reduce(0) { $0 + $1.byteCount })
  }
}
