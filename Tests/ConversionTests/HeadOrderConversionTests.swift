// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import Checkpoints
import Fixtures
import Models
import Quantization
import Tensors
import TestSupport
import Testing

@testable import Conversion

/// What containers store in another order, or in the place of something else: Qwen3.5's heads, decay
/// rates and norms.
struct HeadOrderConversionTests {
  private static func values(_ checkpoint: Checkpoint, _ name: String) throws -> [Float] {
    let tensor = try #require(checkpoint[name], "\(name)")
    let format = try #require(BlockFormats.format(for: tensor.encoding))
    return format.decode(Array(tensor.bytes))
  }

  /// For each head in the order of a GGUF, its place in a folder: two groups of three.
  private static let heads = [0, 3, 1, 4, 2, 5]
  private static let size = 16

  private static func picked(_ values: [Float], columns: Int, width: Int, from first: Int = 0)
    -> [Float]
  {
    let rows = heads.flatMap { head in (0..<width).map { first + head * width + $0 } }
    return ((0..<first) + rows).flatMap { values[$0 * columns..<($0 + 1) * columns] }
  }

  private static func gguf(_ path: String, into folder: TemporaryFolder) throws -> String {
    let model = try Model(path: path, library: try DeclarationLibrary())
    let recipe = try Recipe(named: "F32")
    let plan = try ConversionPlan(
      gguf: model, recipe: recipe, projectorRecipe: recipe, folder: folder.path)
    return try Converter(plan, of: model).run().files[0].path
  }

  @Test("a GGUF has the first head of each group, then the second")
  func tiled() throws {
    let copy = try FixtureCopy(visionLanguage: "qwen3.5")
    let folder = try TemporaryFolder()
    let gguf = try Checkpoint(path: try Self.gguf(copy.path, into: folder))
    let hub = try Checkpoint(path: copy.path + "/model.safetensors")
    let prefix = "model.language_model.layers.0.linear_attn."
    func source(_ name: String) throws -> [Float] { try Self.values(hub, prefix + name) }
    func made(_ name: String) throws -> [Float] { try Self.values(gguf, "blk.0." + name) }
    let keys = 2 * 2 * Self.size
    #expect(
      try made("attn_qkv.weight")
        == Self.picked(source("in_proj_qkv.weight"), columns: 32, width: Self.size, from: keys))
    #expect(
      try made("attn_gate.weight")
        == Self.picked(source("in_proj_z.weight"), columns: 32, width: Self.size))
    #expect(
      try made("ssm_beta.weight") == Self.picked(source("in_proj_b.weight"), columns: 32, width: 1))
    #expect(
      try made("ssm_alpha.weight") == Self.picked(source("in_proj_a.weight"), columns: 32, width: 1)
    )
    #expect(
      try made("ssm_conv1d.weight")
        == Self.picked(source("conv1d.weight"), columns: 4, width: Self.size, from: keys))
    #expect(try made("ssm_dt.bias") == Self.picked(source("dt_bias"), columns: 1, width: 1))
    let columns = 6 * Self.size
    let output = try source("out_proj.weight")
    let expected = (0..<32).flatMap { row in
      Self.picked(
        Array(output[row * columns..<(row + 1) * columns]), columns: 1, width: Self.size)
    }
    #expect(try made("ssm_out.weight") == expected)
    // -exp(x) to half an ulp.
    let rates = Self.picked(try source("A_log"), columns: 1, width: 1)
    for (stored, rate) in zip(try made("ssm_a"), rates) {
      #expect(stored < 0 && abs(1 + Double(stored) / exponential(Double(rate))) <= 6e-8)
    }
    #expect(try made("ssm_norm.weight") == source("norm.weight"))
  }

  @Test("what is known of columns follows them into a GGUF")
  func importance() throws {
    let copy = try FixtureCopy(visionLanguage: "qwen3.5")
    let model = try Model(path: copy.path, library: try DeclarationLibrary())
    let recipe = try Recipe(named: "Q4_0")
    let name = "blk.0.ssm_out.weight"
    let columns = (0..<6 * Self.size).map(Float.init)
    let plan = try ConversionPlan(
      gguf: model, recipe: recipe, projectorRecipe: recipe,
      importance: Importance(label: "", columns: [name: [columns]], means: [name: [columns]]),
      folder: "/nowhere")
    let entry = try #require(plan.entries.first { $0.name == name })
    let expected = Self.picked(columns, columns: 1, width: Self.size)
    #expect(entry.importance(of: 0, columns: columns.count) == expected)
    #expect(entry.means(of: 0, columns: columns.count) == expected)
    // A folder keeps their order.
    let packed = try ConversionPlan(
      packed: model, recipe: PackedRecipe(.mlx(type: "8bit")),
      importance: Importance(label: "", columns: [name: [columns]]), folder: "/nowhere")
    let own = try #require(packed.entries.first { $0.source.parameter.ggufName == name })
    #expect(own.importance(of: 0, columns: columns.count) == columns)
  }

  /// e to the power of a small number, by its series.
  private func exponential(_ x: Double) -> Double {
    var (sum, term) = (1.0, 1.0)
    for i in 1...40 {
      term *= x / Double(i)
      sum += term
    }
    return sum
  }

  @Test("norms have 1 added for MLX, beside channels behind, and lose it on the way back")
  func offsets() throws {
    let copy = try FixtureCopy(visionLanguage: "qwen3.5")
    let source = try Checkpoint(path: copy.path + "/model.safetensors")
    let (first, second) = (try TemporaryFolder(), try TemporaryFolder())
    let model = try Model(path: copy.path, library: try DeclarationLibrary())
    let plan = try ConversionPlan(
      packed: model, recipe: PackedRecipe(.mlx(type: "8bit")), folder: first.path)
    let folder = try Converter(plan, of: model).run().files[0].path
    let made = try Checkpoint(path: folder)
    let prefix = "language_model.model.layers."
    let convolution = try #require(made[prefix + "0.linear_attn.conv1d.weight"])
    #expect(convolution.shape == [160, 4, 1])
    for name in ["0.input_layernorm", "1.self_attn.q_norm", "2.post_attention_layernorm"] {
      let own = try Self.values(source, "model.language_model.layers.\(name).weight")
      let theirs = try Self.values(made, prefix + name + ".weight")
      // Both in BF16, which has 8 bits.
      for (a, b) in zip(own, theirs) { #expect(abs(a + 1 - b) <= 0x1p-8 * abs(b)) }
    }
    let head = "layers.0.linear_attn.norm.weight"
    #expect(
      try Self.values(made, "language_model.model." + head)
        == Self.values(source, "model.language_model." + head))
    // What was rounded beside 1 stays as it is from there.
    let back = try Model(path: Self.parent(of: folder), library: try DeclarationLibrary())
    let again = try Checkpoint(
      path: try Converter(
        ConversionPlan(safetensors: back, encoding: .f32, folder: second.path), of: back
      ).run().files[0].path)
    for tensor in again.tensors where tensor.name.hasSuffix("input_layernorm.weight") {
      let theirs = try Self.values(
        made,
        try #require(
          back.parameters.first { bound in
            bound.parameter.names == [tensor.name]
          }
        ).tensors[0].name)
      #expect(try Self.values(again, tensor.name) == theirs.map { $0 - 1 })
    }
  }

  private static func parent(of path: String) -> String {
    path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
  }
}
