// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Conversion
import LinearAlgebra
import Models
import Quantization
import Tensors
import TestSupport
import Testing

/// Experts that one checkpoint of a family has apart, and another in one tensor.
struct FusedExpertsTests {
  /// The checkpoint with all experts of a layer in two tensors, gate above up in the first.
  private static func fused() throws -> FixtureCopy {
    let copy = try FixtureCopy(visionLanguage: "qwen3.5-moe")
    try copy.rewrite { tensors in
      let apart = Dictionary(uniqueKeysWithValues: tensors.map { ($0.description.name, $0) })
      tensors.removeAll { $0.description.name.contains(".experts.") }
      for layer in 0..<4 {
        let prefix = "model.language_model.layers.\(layer).mlp.experts."
        for (name, parts, shape) in [
          ("gate_up_proj", ["gate", "up"], [5, 40, 32]), ("down_proj", ["down"], [5, 32, 20]),
        ] {
          let members = try (0..<5).flatMap { expert in
            try parts.map { try #require(apart[prefix + "\(expert).\($0)_proj.weight"]) }
          }
          tensors.append(
            FixtureCopy.Tensor(
              description: TensorDescription(
                name: prefix + name, encoding: .bf16, shape: Shape(shape)),
              bytes: members.flatMap(\.bytes)))
        }
      }
    }
    return copy
  }

  private static func files(
    _ copy: FixtureCopy, _ type: String, in folder: TemporaryFolder
  ) throws -> Checkpoint {
    let model = try Model(path: copy.path, library: try DeclarationLibrary())
    let recipe = try Recipe(named: type.hasSuffix("bit") ? "F16" : type)
    let plan =
      try type.hasSuffix("bit")
      ? ConversionPlan(
        packed: model, recipe: PackedRecipe(.mlx(type: type)), folder: folder.path)
      : ConversionPlan(
        gguf: model, recipe: recipe, projectorRecipe: recipe, folder: folder.path)
    return try Checkpoint(path: Converter(plan, of: model).run().files[0].path)
  }

  @Test("both compute the same, and become the same files", arguments: ["F16", "Q8_0", "4bit"])
  func fusion(type: String) throws {
    let (plain, fused) = (
      try FixtureCopy(visionLanguage: "qwen3.5-moe"), try FusedExpertsTests.fused()
    )
    let logits = try [plain, fused].map { copy in
      try ForwardPass(Model(path: copy.path, library: try DeclarationLibrary()))
        .logits([TokenSequence(tokens: [1, 40, 300, 7, 9, 120])])
    }
    #expect(logits[0] == logits[1])
    let (first, second) = (try TemporaryFolder(), try TemporaryFolder())
    let files = [
      try FusedExpertsTests.files(plain, type, in: first),
      try FusedExpertsTests.files(fused, type, in: second),
    ]
    #expect(files[0].tensors.map(\.description) == files[1].tensors.map(\.description))
    for (a, b) in zip(files[0].tensors, files[1].tensors) where a.packed == nil {
      #expect(Array(a.bytes) == Array(b.bytes), "\(a.name)")
    }
  }
}
