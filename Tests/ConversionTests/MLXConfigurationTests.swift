// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Conversion
import LinearAlgebra
import Models
import Notation
import Tensors
import TestSupport
import Testing

/// What folders for MLX say for its loaders: checked with mlx-lm 0.32 and mlx-vlm 0.7, which compute the
/// logits of these fixtures within 3e-6.
struct MLXConfigurationTests {
  private static func copy(_ family: String) throws -> FixtureCopy {
    try FixtureCopy.visionLanguageFamilies.contains(family) && !family.hasPrefix("qwen3.5")
      ? FixtureCopy(visionLanguage: family) : FixtureCopy(family: family)
  }

  private static func logits(_ model: Model) throws -> Matrix {
    try ForwardPass(model).logits([TokenSequence(tokens: [1, 40, 300, 7, 9, 120])])
  }

  /// A model, the folder that it becomes with its weights as they are, and that one's model.
  private static func converted(
    _ copy: FixtureCopy, in folder: TemporaryFolder, numbers: Encoding? = nil
  ) throws -> (before: Model, after: Model) {
    let library = try DeclarationLibrary()
    let model = try Model(path: copy.path, library: library)
    let plan = try ConversionPlan(carrying: model, to: .mlx, numbers: numbers, folder: folder.path)
    let path = try Converter(plan, of: model).run().files[0].path
    return (
      model,
      try Model(path: String(path.dropLast("/model.safetensors".count)), library: library)
    )
  }

  @Test(
    "a folder with members for MLX's loaders is the same model",
    arguments: [
      "gemma", "gemma2", "gemma3-text", "gemma4-text", "gemma4-moe-text", "lfm2", "llama3",
      "llama-yarn", "llama-linear", "mistral", "mixtral", "ministral3", "olmo2", "openelm", "phi3",
      "phi3-longrope", "qwen2", "qwen3", "qwen3-moe", "qwen3.5", "qwen3.5-moe", "smollm3",
      "stablelm",
      "gemma3", "gemma4", "lfm2vl", "llava-next", "mistral3", "paligemma2", "pixtral",
      "qwen2.5vl", "qwen2vl", "qwen3vl", "qwen3vl-moe", "smolvlm",
    ])
  func same(family: String) throws {
    let folder = try TemporaryFolder()
    // Norms to which 1 is added lose digits, and some small models make much of that.
    let addsOne = family.hasPrefix("qwen3.5")
    let (before, after) = try Self.converted(
      try Self.copy(family), in: folder, numbers: addsOne ? .f32 : nil)
    #expect(before.architecture.name == after.architecture.name)
    #expect(before.architecture.parts.map(\.kind) == after.architecture.parts.map(\.kind))
    for (a, b) in zip(before.architecture.parts, after.architecture.parts) {
      #expect(a.settings.map(\.value) == b.settings.map(\.value))
    }
    let (a, b) = (try Self.logits(before), try Self.logits(after))
    let scale = a.values.map(abs).max() ?? 0
    let difference = zip(a.values, b.values).map { abs($0 - $1) }.max() ?? 0
    #expect(difference <= (addsOne ? 1e-5 * scale : 0))
  }

  @Test(
    "numbers stand where loaders look for them",
    arguments: [
      ("llama3", "rope_theta", 500), ("llama3", "rope_scaling.rope_type", "llama3"),
      ("phi3", "partial_rotary_factor", 0.75), ("phi3-longrope", "rope_scaling.type", "longrope"),
      ("qwen3-moe", "num_experts", 5), ("qwen3-moe", "mlp_only_layers", [0, 2]),
      ("stablelm", "partial_rotary_factor", 0.5), ("stablelm", "rope_theta", 100),
      ("lfm2", "block_dim", 32), ("lfm2", "conv_L_cache", 4),
      ("gemma4-text", "global_head_dim", 24), ("gemma4-text", "head_dim", 16),
      ("gemma4-moe-text", "num_global_key_value_heads", 1),
      ("qwen3.5", "model_type", "qwen3_5"), ("qwen3.5-moe", "model_type", "qwen3_5_moe"),
      ("qwen3.5", "rope_parameters.rope_theta", 100),
      ("qwen2vl", "hidden_size", 32), ("qwen2vl", "model_type", "qwen2_vl"),
      ("qwen2vl", "vision_config.model_type", "qwen2_vl"),
      ("qwen2vl", "rope_scaling.type", "default"),
      ("qwen3vl-moe", "vision_config.model_type", "qwen3_vl_moe"),
      ("qwen3vl-moe", "text_config.num_experts", 5), ("pixtral", "model_type", "pixtral"),
      ("mistral3", "model_type", "mistral3"), ("gemma3", "text_config.mm_tokens_per_image", 9),
    ] as [(String, String, JSON)])
  func members(family: String, path: String, value: JSON) throws {
    let copy = try Self.copy(family)
    let model = try Model(path: copy.path, library: try DeclarationLibrary())
    let own = try #require(try model.mlxConfiguration()).value(at: path)
    #expect(own == value || own?.number != nil && own?.number == value.number, "\(own as Any)")
  }

  @Test("a decoder alone has the names that its loader looks for")
  func names() throws {
    let (folder, again) = (try TemporaryFolder(), try TemporaryFolder())
    let copy = try FixtureCopy(family: "qwen3.5")
    let (before, after) = try Self.converted(copy, in: folder)
    #expect(before.files.checkpoint.tensors.allSatisfy { !$0.name.hasPrefix("language_model.") })
    #expect(after.files.checkpoint.tensors.allSatisfy { $0.name.hasPrefix("language_model.") })
    // With images the decoder is no whole model, and the folder of the family says so.
    let seeing = try FixtureCopy(visionLanguage: "qwen3.5")
    let whole = try Model(path: seeing.path, library: try DeclarationLibrary())
    #expect(whole.architecture.parts.count == 3)
    #expect(try whole.mlxConfiguration()?["model_type"] == "qwen3_5")
    #expect(try whole.mlxConfiguration()?["text_config"]?["model_type"] == "qwen3_5_text")
    let plan = try ConversionPlan(
      safetensors: after, encoding: .f32, folder: again.path)
    let plain = try Converter(plan, of: after).run().files[0].path
    let model = try Model(
      path: String(plain.dropLast("/model.safetensors".count)), library: try DeclarationLibrary())
    #expect(model.architecture.name == "qwen3.5-text")
  }

  @Test(
    "what loaders compute otherwise is said before the conversion",
    arguments: [
      ("qwen2", "ignores the sliding window"), ("gemma2", "ignores the sliding window"),
      ("gemma", "not its approximation"), ("gemma3-text", "layer_types says otherwise"),
      ("mistral", "ignores the sliding window"), ("internvl", "Qwen3's decoder only"),
      ("llava-smollm3", "Llama's and Qwen2's decoders only"),
      ("lighton-ocr", "mlx-vlm does not know this model"), ("gemma3", "packed table"),
      ("llava-siglip", nil), ("qwen3", nil), ("gemma4-text", nil), ("gemma4", nil),
      ("qwen3.5", nil), ("lfm2", nil), ("pixtral", nil), ("mistral3", nil),
    ] as [(String, String?)])
  func notes(family: String, words: String?) throws {
    let copy = try Self.copy(family)
    let model = try Model(path: copy.path, library: try DeclarationLibrary())
    let notes = try model.notes(for: .mlx)
    guard let words else {
      #expect(notes.isEmpty, "\(notes)")
      return
    }
    #expect(notes.contains { $0.contains(words) }, "\(notes)")
  }
}
