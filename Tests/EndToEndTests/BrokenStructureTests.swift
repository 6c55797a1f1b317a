// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Fixtures
import Tensors
import TestSupport
import Testing

/// Conversions that load and answer, and are wrong: each was reported by users of some converter.
struct BrokenStructureTests {
  static let configurations: [BrokenConversion] = [
    BrokenConversion(
      "the vision part is not there", .llavaGGUF,
      ["error: tensors: vision part: ", "images would be ignored", "connector part"]
    ) { try $0.remove(try $0.projector()) },
    BrokenConversion(
      "another base of positions", .storiesGGUF,
      ["error: rope: language.ropeBase: expected 10000, found 500000", "long ones fall apart"]
    ) { try $0.setKey("llama.rope.freq_base", .float32(500_000)) },
    BrokenConversion(
      "another epsilon", .storiesGGUF,
      ["error: hyper-parameters: language.epsilon: expected 1e-05", "every norm"]
    ) { try $0.setKey("llama.attention.layer_norm_rms_epsilon", .float32(1e-6)) },
    BrokenConversion(
      "heads of another width", .storiesGGUF,
      ["language.headCount: expected 8, found 4", "language.headDimension: expected 8, found 16"]
    ) {
      try $0.setKey("llama.attention.head_count", .uint32(4))
      try $0.setKey("llama.attention.head_count_kv", .uint32(2))
      try $0.setKey("llama.attention.key_length", .uint32(16))
    },
    BrokenConversion(
      "a shorter context", .storiesGGUF, status: 0,
      ["warning: hyper-parameters: language.contextLength: expected 512, found 128"]
    ) { try $0.setKey("llama.context_length", .uint32(128)) },
    BrokenConversion(
      "another activation of the encoder", .llavaGGUF,
      ["vision.activation: expected 'quick_gelu', found 'gelu'", "another function"]
    ) { try $0.setKey("clip.use_gelu", .bool(true), in: $0.projector()) },
    BrokenConversion(
      "another layer of the encoder", .llavaGGUF,
      [
        "vision.usedLayerCount: expected 3, found 2", "tensors: vision.", "layer 2",
        "another layer",
      ]
    ) {
      let value = GGUFValue.array(GGUFArray([Int32(2)]))
      try $0.setKey("clip.vision.feature_layer", value, in: $0.projector())
    },
    BrokenConversion(
      "text before the tiles of images", .mm1GGUF,
      ["error: chat template: imagePrompt.subImageText: expected 'none', found 'index'"]
    ) { try $0.setKey("pare.sub_image_text", .string("index"), in: $0.projector()) },
    BrokenConversion(
      "fewer experts a token", .moeGGUF,
      ["language.chosenExpertCount: expected 2, found 1", "fewer experts"]
    ) { try $0.setKey("mm1.expert_used_count", .uint32(1)) },
    BrokenConversion(
      "shares of experts that are not normalized", .moeGGUF,
      ["language.renormalizes: expected true, found false"]
    ) { try $0.setKey("mm1.expert_weights_norm", .bool(false)) },
    BrokenConversion(
      "a folder with another base of positions", .llavaMLX,
      ["error: rope: language.ropeBase: expected 10000, found 1000000"]
    ) {
      try $0.replace(
        "\"rope_theta\": 10000\n", with: "\"rope_theta\": 1000000\n", in: "config.json")
    },
    BrokenConversion(
      "a folder that takes another layer of the encoder", .llavaMLX,
      ["vision.usedLayerCount: expected 3, found 4"]
    ) {
      try $0.replace(
        "\"vision_feature_layer\": -2", with: "\"vision_feature_layer\": -1", in: "config.json")
    },
    BrokenConversion(
      "a bias that the original has not", .storiesGGUF,
      ["error: tensors: language.attention.query.bias, layer 0: expected no tensor", "a step"]
    ) {
      try GGUFCopy.rewrite($0.path) { _, tensors in
        tensors.append(
          FixtureCopy.Tensor(
            description: TensorDescription(
              name: "blk.0.attn_q.bias", encoding: .f32, shape: [64]),
            bytes: [UInt8](repeating: 0, count: 256)))
      }
    },
    BrokenConversion(
      "the vision part of another model", .llavaGGUF, ["connector", "error: tensors: "]
    ) {
      let other = try BrokenConversion.Files(.mm1GGUF)
      let bytes = try TemporaryFolder.read(other.projector())
      let name = try #require($0.projector().split(separator: "/").last)
      try $0.write(bytes, to: String(name))
    },
    BrokenConversion("an empty file", .storiesGGUF, status: 2, ["stories260K-Q8_0.gguf"]) {
      try $0.write([], to: $0.name)
    },
    BrokenConversion(
      "a missing tensor", .storiesGGUF, status: 2, ["'blk.3.ffn_up.weight' is missing"]
    ) {
      try GGUFCopy.rewrite($0.path) { _, tensors in
        tensors.removeAll { $0.description.name == "blk.3.ffn_up.weight" }
      }
    },
  ]

  static let texts: [BrokenConversion] = [
    BrokenConversion(
      "two pieces are exchanged", .storiesGGUF,
      ["error: vocabulary: token 400: ", "2 of 512 tokens", "words would be read"]
    ) {
      try GGUFCopy.rewrite($0.path) { metadata, _ in
        var pieces = try #require(metadata["tokenizer.ggml.tokens"]?.strings)
        pieces.swapAt(400, 401)
        metadata["tokenizer.ggml.tokens"] = .array(GGUFArray(pieces))
      }
    },
    BrokenConversion(
      "merges in another order", .mm1GGUF,
      ["warning: vocabulary: merge 0: ", "error: tokenization: '", "texts differ"]
    ) {
      try GGUFCopy.rewrite($0.path) { metadata, _ in
        let merges = try #require(metadata["tokenizer.ggml.merges"]?.strings)
        metadata["tokenizer.ggml.merges"] = .array(GGUFArray(Array(merges.reversed())))
      }
    },
    BrokenConversion(
      "another pre-tokenizer", .mm1GGUF,
      ["vocabulary: pre-tokenizer: ", "found 'qwen2'", "error: tokenization: "]
    ) { try $0.setKey("tokenizer.ggml.pre", .string("qwen2")) },
    BrokenConversion(
      "no space before a text", .storiesGGUF, ["error: tokenization: '"]
    ) { try $0.setKey("tokenizer.ggml.add_space_prefix", .bool(false)) },
    BrokenConversion(
      "a control token that is none", .mm1GGUF, ["warning: vocabulary: token 1, '<image>'"]
    ) {
      try GGUFCopy.rewrite($0.path) { metadata, _ in
        var kinds = try #require(metadata["tokenizer.ggml.token_type"]?.integers).map {
          Int32(truncatingIfNeeded: $0)
        }
        try #require(kinds[1] == 3)
        kinds[1] = 1
        metadata["tokenizer.ggml.token_type"] = .array(GGUFArray(kinds))
      }
    },
    BrokenConversion(
      "another end", .storiesGGUF,
      ["error: special tokens: end of sequence: expected 2 '</s>', found 1 '<s>'", "not end"]
    ) { try $0.setKey("tokenizer.ggml.eos_token_id", .uint32(1)) },
    BrokenConversion(
      "one end more", .storiesGGUF,
      [
        "error: special tokens: ends of answers: expected 2 '</s>', found 2 '</s>', 13 '<0x0A>'",
        "end where they should go on",
      ]
    ) {
      try GGUFCopy.rewrite($0.path) { metadata, _ in
        metadata["tokenizer.ggml.eot_token_id"] = .uint32(13)
      }
    },
    BrokenConversion(
      "a folder whose answers end otherwise", .llavaMLX,
      [
        "error: special tokens: ends of answers: expected 2 '</s>', found 14 '<0x0A>'",
        "not end where they should",
      ]
    ) {
      try $0.replace(
        "\"eos_token_id\": 2", with: "\"eos_token_id\": 14", in: "generation_config.json")
    },
    BrokenConversion(
      "a folder whose answers end at a line as well", .llavaMLX,
      ["ends of answers: expected 2 '</s>', found 2 '</s>', 14 '<0x0A>'", "should go on"]
    ) {
      try $0.replace(
        "\"eos_token_id\": 2", with: "\"eos_token_id\": [2, 14]", in: "generation_config.json")
    },
    BrokenConversion(
      "no beginning", .storiesGGUF,
      ["error: special tokens: tokens before a text: expected 1 '<s>', found none"]
    ) { try $0.setKey("tokenizer.ggml.add_bos_token", .bool(false)) },
    BrokenConversion(
      "another image token", .llavaGGUF, ["error: special tokens: image: expected 3 '<image>'"]
    ) { try $0.setKey("pare.image_token_id", .uint32(5), in: $0.projector()) },
    BrokenConversion(
      "no chat template", .llavaGGUF, ["error: chat template: template: ", "found none"]
    ) { try $0.setKey("tokenizer.chat_template", nil) },
    BrokenConversion(
      "an old chat template", .llavaMLX,
      ["error: chat template: a question: expected 'USER: ", "found 'Question: "]
    ) { try $0.replace("USER: ", with: "Question: ", in: "tokenizer_config.json") },
    BrokenConversion(
      "a chat template that differs where nobody looks", .llavaMLX, status: 0,
      ["warning: chat template: template: ", "rare messages"]
    ) {
      try $0.replace(
        "{% for m in messages %}", with: "{% if tools %}x{% endif %}{% for m in messages %}",
        in: "tokenizer_config.json")
    },
    BrokenConversion(
      "another filter", .llavaMLX,
      ["error: preprocessing: resample: expected bicubic, found bilinear", "other pixels"]
    ) {
      try $0.replace("\"resample\": 3", with: "\"resample\": 2", in: "preprocessor_config.json")
    },
    BrokenConversion(
      "no crop", .llavaMLX, ["error: preprocessing: crop_size: expected 64 64, found no such step"]
    ) {
      try $0.replace(
        "\"do_center_crop\": true", with: "\"do_center_crop\": false",
        in: "preprocessor_config.json")
    },
    BrokenConversion(
      "another mean", .llavaGGUF, ["error: preprocessing: image_mean: expected 0.48145466"]
    ) {
      let text = try #require(
        Checkpoint(path: $0.projector()).metadata["pare.image_processor"]?.string)
      let changed = text.split(separator: "0.48145466", omittingEmptySubsequences: false)
      try #require(changed.count == 2)
      try $0.setKey(
        "pare.image_processor", .string("\(changed[0])0.5\(changed[1])"), in: $0.projector())
    },
  ]

  @Test("a wrong configuration is found", arguments: configurations)
  func configuration(_ broken: BrokenConversion) throws { try Self.expect(broken) }

  @Test("wrong words, prompts and pixels are found", arguments: texts)
  func words(_ broken: BrokenConversion) throws { try Self.expect(broken) }

  @Test("wrong values are found", arguments: BrokenConversion.values)
  func values(_ broken: BrokenConversion) throws { try Self.expect(broken) }

  private static func expect(_ broken: BrokenConversion) throws {
    let files = try BrokenConversion.Files(broken.recipe)
    try broken.change(files)
    let verified = try Command([
      "verify", "--structure", Fixtures.path(broken.recipe.model), files.path, "--quiet",
    ])
    #expect(verified.status == broken.status, "\(verified.error)\(verified.output)")
    let said = broken.status == 2 ? verified.error : verified.output
    for word in broken.words { #expect(said.contains(word), "'\(word)' is not in:\n\(said)") }
  }
}
