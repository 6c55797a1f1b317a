// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Tensors
import TestSupport
import Testing

/// What can be wrong with a checkpoint, and what must be said of it.
struct BrokenCheckpoint: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let model: String
  let words: [String]
  let change: @Sendable (FixtureCopy) throws -> Void
}

extension BrokenCheckpoint {
  static let all = [
    BrokenCheckpoint(
      testDescription: "cut off", model: "stories260K",
      words: ["model.safetensors", "tensor 'model.embed_tokens.weight'", "byte", "cut off"]
    ) { copy in
      let bytes = try TemporaryFolder.read(copy.file("model.safetensors"))
      try copy.write(Array(bytes.prefix(100_000)), to: "model.safetensors")
    },
    BrokenCheckpoint(
      testDescription: "a text file", model: "stories260K", words: ["model.safetensors", "text"]
    ) { try $0.write(Array("This is no checkpoint.".utf8), to: "model.safetensors") },
    BrokenCheckpoint(
      testDescription: "a missing shard", model: "mm1-tiny",
      words: ["model-00002-of-00003.safetensors"]
    ) { $0.remove("model-00002-of-00003.safetensors") },
    BrokenCheckpoint(
      testDescription: "a missing tensor", model: "stories260K",
      words: ["'model.layers.2.mlp.up_proj.weight' is missing", "'llama'"]
    ) {
      try $0.rewrite { tensors in
        tensors.removeAll { $0.description.name == "model.layers.2.mlp.up_proj.weight" }
      }
    },
    BrokenCheckpoint(
      testDescription: "a tensor too many", model: "stories260K",
      words: ["'model.layers.2.adapter.weight' has no place", "'llama'"]
    ) {
      try $0.rewrite { tensors in
        var extra = tensors[0]
        extra.description.name = "model.layers.2.adapter.weight"
        tensors.append(extra)
      }
    },
    BrokenCheckpoint(
      testDescription: "another shape", model: "stories260K",
      words: ["expected the shape", "[512, 64]", "found"]
    ) {
      try $0.rewrite { tensors in
        let place = tensors.firstIndex { $0.description.name == "model.embed_tokens.weight" } ?? 0
        tensors[place].description.shape = [64, 512]
      }
    },
    BrokenCheckpoint(
      testDescription: "weights that are NaN", model: "stories260K",
      words: ["'model.norm.weight'", "2 of its values", "NaN", "the first at [0]"]
    ) {
      try $0.rewrite { tensors in
        let place = tensors.firstIndex { $0.description.name == "model.norm.weight" } ?? 0
        for i in 0..<8 { tensors[place].bytes[i] = 0xFF }
      }
    },
    BrokenCheckpoint(
      testDescription: "an infinite weight in the middle", model: "stories260K",
      words: ["'model.embed_tokens.weight'", "1 of its values is", "the first at [300, 7]"]
    ) {
      try $0.rewrite { tensors in
        let place = tensors.firstIndex { $0.description.name == "model.embed_tokens.weight" } ?? 0
        let description = tensors[place].description
        let size = description.encoding.bytesPerBlock
        let start = (300 * description.shape.rowLength + 7) * size
        // The exponent of all ones: in the upper bytes of F32 and BF16 alike.
        for i in 0..<size { tensors[place].bytes[start + i] = [0, 0, 0x80, 0x7F][4 - size + i] }
      }
    },
    BrokenCheckpoint(
      testDescription: "an unknown architecture", model: "stories260K",
      words: ["config.json", "model_type is 'gpt_neox'", "known are", "llava", "--architecture"]
    ) {
      try $0.replace(
        "\"model_type\": \"llama\"", with: "\"model_type\": \"gpt_neox\"", in: "config.json")
    },
    BrokenCheckpoint(
      testDescription: "no model type", model: "stories260K", words: ["model_type is missing"]
    ) { try $0.replace("\"model_type\": \"llama\",", with: "", in: "config.json") },
    BrokenCheckpoint(
      testDescription: "no config.json", model: "stories260K", words: ["config.json"]
    ) {
      $0.remove("config.json")
    },
    BrokenCheckpoint(
      testDescription: "a config.json that is none", model: "stories260K",
      words: ["config.json", "byte"]
    ) { try $0.write(Array("{\"model_type\": ".utf8), to: "config.json") },
    BrokenCheckpoint(
      testDescription: "no tokenizer", model: "stories260K", words: ["tokenizer.model"]
    ) {
      $0.remove("tokenizer.model")
    },
    BrokenCheckpoint(
      testDescription: "a trillion layers", model: "stories260K", words: ["layerCount", "10000"]
    ) {
      try $0.replace(
        "\"num_hidden_layers\": 5", with: "\"num_hidden_layers\": 1000000000000",
        in: "config.json")
    },
    BrokenCheckpoint(testDescription: "no heads", model: "stories260K", words: ["found 0"]) {
      try $0.replace(
        "\"num_attention_heads\": 8", with: "\"num_attention_heads\": 0", in: "config.json")
    },
    BrokenCheckpoint(
      testDescription: "a rope that is not known", model: "stories260K", words: ["rope scaling"]
    ) {
      try $0.replace(
        "\"rope_theta\": 10000.0", with: "\"rope_scaling\": {\"rope_type\": \"spiral\"}",
        in: "config.json")
    },
    BrokenCheckpoint(
      testDescription: "an activation that is not known", model: "stories260K",
      words: ["config.json", "the activation 'swish2' is not known; known are silu"]
    ) {
      try $0.replace(
        "\"hidden_act\": \"silu\"", with: "\"hidden_act\": \"swish2\"", in: "config.json")
    },
  ]
}
