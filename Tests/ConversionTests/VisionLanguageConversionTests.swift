// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Conversion
import Fixtures
import LinearAlgebra
import Models
import Notation
import Preprocessing
import Quantization
import Tensors
import TestSupport
import Testing

/// Conversions of families that see images.
struct VisionLanguageConversionTests {
  static let names = (try? FixtureCopy.visionLanguageFamilies) ?? []

  /// What a model makes of an image, and of a text with it in its midst.
  private static func results(_ path: String) throws -> (image: Matrix, logits: Matrix) {
    let model = try Model(path: path, library: try DeclarationLibrary())
    let forward = try ForwardPass(model)
    let image = try Image(path: Fixtures.path("images/chelsea.png"))
    let images = try forward.embeddings(of: [#require(model.imageProcessor).pixels(of: image)])
    let token = try #require(model.architecture.imageToken)
    let tokens = [1, 40] + [Int](repeating: token, count: images[0].rows) + [300, 7, 9]
    return (
      images[0].matrix, try forward.logits([TokenSequence(tokens: tokens, images: images)])
    )
  }

  /// Gives a tokenizer the token between the rows of Pixtral's images.
  private static func addBreak(to copy: FixtureCopy) throws {
    let settings =
      #"{"added_tokens_decoder": {"496": {"content": "[IMG_BREAK]", "special": true}}}"#
    try copy.write(Array(settings.utf8), to: "tokenizer_config.json")
  }

  @Test("the embedding of the break between rows goes along with the encoder, for engines")
  func rowBreak() throws {
    let copy = try FixtureCopy(visionLanguage: "pixtral")
    try copy.replace("\"rope_theta\": 100.0", with: "\"rope_theta\": 10000.0", in: "config.json")
    let folder = try TemporaryFolder()
    let recipe = try Recipe(named: "F32")
    func plan() throws -> (ConversionPlan, Model) {
      let model = try Model(path: copy.path, library: try DeclarationLibrary())
      return (
        try ConversionPlan(
          gguf: model, recipe: recipe, projectorRecipe: recipe, folder: folder.path), model
      )
    }
    #expect(throws: ConversionError.self) { try plan() }
    try VisionLanguageConversionTests.addBreak(to: copy)
    let (whole, model) = try plan()
    let summary = try Converter(whole, of: model).run()
    let table = try #require(try Checkpoint(path: summary.files[0].path)["token_embd.weight"])
    let row = try #require(
      try Checkpoint(path: summary.files[1].path)["v.token_embd.img_break"])
    #expect(Array(row.bytes) == Array(Array(table.bytes)[496 * 128..<497 * 128]))
  }

  private static func expectClose(_ a: Matrix, _ b: Matrix) {
    let scale = b.values.map(abs).max() ?? 0
    #expect(a.rows == b.rows && a.columns == b.columns)
    // To the last bit but for norms to which 1 is added: half an ulp of it, 6e-8, a norm.
    for (x, y) in zip(a.values, b.values) { #expect(abs(x - y) <= 2e-6 * scale) }
  }

  @Test(
    "what decides how images stand in prompts stays, from GGUF to GGUF",
    arguments: ["none", "index", "separators"])
  func imagePrompt(indicator: String) throws {
    let copy = try FixtureCopy(visionLanguage: "mm1")
    if indicator != "none" {
      try copy.replace(
        "\"model_type\": \"mm1\"",
        with: "\"sub_image_text\": \"\(indicator)\", \"model_type\": \"mm1\"", in: "config.json")
    }
    var path = copy.path
    let folders = [try TemporaryFolder(), try TemporaryFolder()]
    for folder in folders {
      let model = try Model(path: path, library: try DeclarationLibrary())
      let recipe = try Recipe(named: "F32")
      let plan = try ConversionPlan(
        gguf: model, recipe: recipe, projectorRecipe: recipe, folder: folder.path)
      path = try Converter(plan, of: model).run().files[0].path
      let converted = try Model(path: path, library: try DeclarationLibrary())
      #expect(
        converted.architecture.imagePrompt?.values == ["subImageText": .text(indicator)])
    }
  }

  @Test(
    "through GGUF and mmproj in F32 a family computes the same",
    arguments: [
      "gemma3", "gemma4", "internvl", "internvl-chat", "lfm2vl", "lighton-ocr", "llava-smollm3",
      "mistral3",
      "mm1",
      "mm1-attention-pool",
      "mm1-average-pool", "mm1-rectangle", "llava-next", "paligemma", "paligemma2", "pixtral",
      "qwen2.5vl", "qwen2vl", "qwen3.5", "qwen3.5-moe", "qwen3vl",
      "qwen3vl-moe", "smolvlm",
    ])
  func exact(name: String) throws {
    let copy = try FixtureCopy(visionLanguage: name)
    if name == "gemma3" {
      // What engines take for granted.
      for (old, new) in [
        ("\"query_pre_attn_scalar\": 24", "\"query_pre_attn_scalar\": 8"),
        ("\"full_attention\"\n", "\"sliding_attention\"\n"),
        ("\"rope_theta\": 100.0", "\"rope_theta\": 10000.0"),
      ] { try copy.replace(old, with: new, in: "config.json") }
    }
    if name == "paligemma2" {
      try copy.replace(
        "\"query_pre_attn_scalar\": 24", with: "\"query_pre_attn_scalar\": 8", in: "config.json")
    }
    if ["lighton-ocr", "mistral3", "pixtral"].contains(name) {
      try copy.replace("\"rope_theta\": 100.0", with: "\"rope_theta\": 10000.0", in: "config.json")
      try VisionLanguageConversionTests.addBreak(to: copy)
    }
    if name == "mistral3" {
      try copy.replace(
        "\"rms_norm_eps\": 0.001", with: "\"rms_norm_eps\": 0.00001", in: "config.json")
    }
    if name == "qwen2.5vl" {
      try copy.replace("\"window_size\": 56", with: "\"window_size\": 112", in: "config.json")
      try copy.replace("12000", with: "48000", in: "preprocessor_config.json")
    }
    let folder = try TemporaryFolder()
    let model = try Model(path: copy.path, library: try DeclarationLibrary())
    let recipe = try Recipe(named: "F32")
    let plan = try ConversionPlan(
      gguf: model, recipe: recipe, projectorRecipe: recipe, folder: folder.path)
    let summary = try Converter(plan, of: model).run()
    #expect(summary.files.count == 2)
    let original = try VisionLanguageConversionTests.results(copy.path)
    let converted = try VisionLanguageConversionTests.results(summary.files[0].path)
    VisionLanguageConversionTests.expectClose(converted.image, original.image)
    VisionLanguageConversionTests.expectClose(converted.logits, original.logits)
  }

  @Test(
    "an MLX folder is read as what it was made of", arguments: VisionLanguageConversionTests.names)
  func packed(name: String) throws {
    let copy = try FixtureCopy(visionLanguage: name)
    let folder = try TemporaryFolder()
    let model = try Model(path: copy.path, library: try DeclarationLibrary())
    let plan = try ConversionPlan(
      packed: model, recipe: PackedRecipe(.mlx(type: "8bit")), folder: folder.path)
    _ = try Converter(plan, of: model).run()
    let converted = try VisionLanguageConversionTests.results(folder.path + "/\(name)-8bit")
    let original = try VisionLanguageConversionTests.results(copy.path)
    // The encoder and the connector are kept as they are.
    VisionLanguageConversionTests.expectClose(converted.image, original.image)
  }

  @Test("kernels that the hub has as rows of a matrix stay such, and are kernels in a GGUF")
  func flattened() throws {
    let copy = try FixtureCopy(visionLanguage: "lfm2vl")
    let folder = try TemporaryFolder()
    let model = try Model(path: copy.path, library: try DeclarationLibrary())
    let plan = try ConversionPlan(safetensors: model, encoding: .bf16, folder: folder.path)
    let summary = try Converter(plan, of: model).run()
    let name = "model.vision_tower.embeddings.patch_embedding.weight"
    let source = try #require(model.files.checkpoint[name])
    let written = try #require(try Checkpoint(path: summary.files[0].path)[name])
    #expect(source.shape == [24, 8 * 8 * 3] && written.shape == source.shape)
    #expect(Array(written.bytes) == Array(source.bytes))
    let recipe = try Recipe(named: "F32")
    let gguf = try ConversionPlan(
      gguf: model, recipe: recipe, projectorRecipe: recipe, folder: folder.path)
    let projector = try Checkpoint(path: Converter(gguf, of: model).run().files[1].path)
    let kernels = try #require(projector["v.patch_embd.weight"])
    #expect(kernels.shape == [24, 3, 8, 8])
    // The upper half of each F32 is the BF16 that it was.
    for output in 0..<24 {
      for (channel, row, column) in [(0, 0, 0), (1, 5, 2), (2, 7, 7), (2, 0, 6)] {
        let place = output * 192 + channel * 64 + row * 8 + column
        let origin = output * 192 + (row * 8 + column) * 3 + channel
        let half = Array(kernels.bytes[4 * place + 2..<4 * place + 4])
        #expect(half == Array(source.bytes[2 * origin..<2 * origin + 2]))
      }
    }
  }

  @Test(
    "what engines do not know, or would compute otherwise, is kept for this program",
    arguments: [
      ("fastvlm", false, true), ("fastvlm-published", false, true), ("gemma3", true, false),
      ("internvl-chat-6b", false, true), ("paligemma2", true, false), ("qwen2.5vl", false, true),
    ])
  func whole(name: String, isTextWhole: Bool, isImageWhole: Bool) throws {
    let copy = try FixtureCopy(visionLanguage: name)
    let folder = try TemporaryFolder()
    let model = try Model(path: copy.path, library: try DeclarationLibrary())
    let recipe = try Recipe(named: "F32")
    let plan = try ConversionPlan(
      gguf: model, recipe: recipe, projectorRecipe: recipe, folder: folder.path)
    let files = try Converter(plan, of: model).run().files
    let keys = ["general.architecture", "clip.projector_type"]
    let names = try zip(files, keys).map { try Checkpoint(path: $0.path).metadata[$1] }
    #expect(names.map { $0 == .string("pare") } == [isTextWhole, isImageWhole])
    let (a, b) = try (
      VisionLanguageConversionTests.results(files[0].path),
      VisionLanguageConversionTests.results(copy.path)
    )
    VisionLanguageConversionTests.expectClose(a.image, b.image)
    VisionLanguageConversionTests.expectClose(a.logits, b.logits)
  }

  @Test("such a file has all layers, for its settings count them")
  func wholeLayers() throws {
    let folder = try TemporaryFolder()
    let copy = try FixtureCopy("llava-tiny")
    try copy.replace("quick_gelu", with: "relu", in: "config.json")
    let model = try Model(path: copy.path, library: try DeclarationLibrary())
    let recipe = try Recipe(named: "F32")
    let plan = try ConversionPlan(
      gguf: model, recipe: recipe, projectorRecipe: recipe, folder: folder.path)
    #expect(plan.dropped.count == model.census.dropped.count)
    let files = try Converter(plan, of: model).run().files
    let converted = try Model(path: files[0].path, library: try DeclarationLibrary())
    #expect(converted.parameters.count == model.parameters.count)
    let (a, b) = try (
      VisionLanguageConversionTests.results(files[0].path),
      VisionLanguageConversionTests.results(copy.path)
    )
    VisionLanguageConversionTests.expectClose(a.image, b.image)
  }
}
