// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Fixtures
import LinearAlgebra
import Models
import Tensors
import TestSupport
import Testing

struct CensusTests {
  private static func open(_ path: String) throws -> Model {
    try Model(path: path, library: try DeclarationLibrary())
  }

  @Test(
    "each tensor has one place",
    arguments: [
      ("mm1-tiny", 164), ("mm1-moe-tiny", 208), ("llava-tiny", 112), ("stories260K", 47),
    ])
  func complete(name: String, count: Int) throws {
    let model = try CensusTests.open(Fixtures.path(name))
    let names = model.parameters.flatMap(\.tensors).map(\.name)
    #expect(Set(names).count == names.count)
    #expect(names.count + model.census.dropped.count == model.files.checkpoint.tensors.count)
    #expect(names.count == count)
    let roles = Set(
      model.parameters.map {
        "\($0.parameter.role) \($0.parameter.layer ?? -1) \($0.parameter.ggufName)"
      })
    #expect(roles.count == model.parameters.count)
  }

  @Test("newer names of the hub are the same model, bit for bit")
  func hubNames() throws {
    let copy = try FixtureCopy("llava-tiny")
    try copy.rewrite { tensors in
      for i in tensors.indices {
        let name = tensors[i].description.name
        tensors[i].description.name =
          name.hasPrefix("language_model.lm_head")
          ? name.replacing("language_model.", with: "")
          : name.hasPrefix("language_model.model.")
            ? name.replacing("language_model.model.", with: "model.language_model.")
            : "model." + name.replacing("vision_model.", with: "")
      }
    }
    let (a, b) = (
      try ForwardPass(CensusTests.open(copy.path)),
      try ForwardPass(CensusTests.open(Fixtures.path("llava-tiny")))
    )
    let sequence = TokenSequence(tokens: [1, 50, 60, 70])
    #expect(try a.logits([sequence]) == b.logits([sequence]))
  }

  @Test(
    "what is wrong with a tensor is said with its name",
    arguments: [
      ("missing", "'model.norm.weight' is missing"), ("extra", "'model.norm.scale' has no place"),
      ("integers", "I32 is no encoding of weights"), ("shape", "expected the shape [64]"),
    ])
  func wrong(kind: String, words: String) throws {
    let copy = try FixtureCopy("stories260K")
    try copy.rewrite { tensors in
      let place = try #require(
        tensors.firstIndex { $0.description.name == "model.norm.weight" })
      switch kind {
      case "missing": tensors.remove(at: place)
      case "extra":
        var extra = tensors[place]
        extra.description.name = "model.norm.scale"
        tensors.append(extra)
      case "integers": tensors[place].description.encoding = .i32
      default: tensors[place].description.shape = [8, 8]
      }
    }
    let error = #expect(throws: ModelError.self) { try CensusTests.open(copy.path) }
    #expect(error?.description.contains(words) ?? false, "\(error?.description ?? "")")
  }

  @Test("a second copy of a tied embedding is left out, and the reason is given")
  func tied() throws {
    let copy = try FixtureCopy("stories260K")
    try copy.rewrite { tensors in
      let place = try #require(
        tensors.firstIndex { $0.description.name == "model.embed_tokens.weight" })
      var head = tensors[place]
      head.description.name = "lm_head.weight"
      tensors.append(head)
    }
    let model = try CensusTests.open(copy.path)
    #expect(model.census.dropped.map(\.tensor) == ["lm_head.weight"])
    #expect(model.census.dropped.first?.reason.contains("tied") ?? false)
  }

  @Test(
    "numbers that make no sense are refused, without trap or delay",
    arguments: [
      (#""num_hidden_layers": 5"#, #""num_hidden_layers": 1e12"#),
      (#""num_hidden_layers": 5"#, #""num_hidden_layers": -1"#),
      (#""num_hidden_layers": 5"#, #""num_hidden_layers": 2.5"#),
      (#""num_hidden_layers": 5"#, #""num_hidden_layers": "five""#),
      (#""num_hidden_layers": 5"#, #""num_hidden_layers": [5]"#),
      (#""num_attention_heads": 8"#, #""num_attention_heads": 0"#),
      (#""num_attention_heads": 8"#, #""num_attention_heads": 1e300"#),
      (#""num_key_value_heads": 4"#, #""num_key_value_heads": 3"#),
      (#""head_dim": 8"#, #""head_dim": 7"#), (#""hidden_size": 64"#, #""hidden_size": 1e18"#),
      (#""vocab_size": 512"#, #""vocab_size": 9007199254740993"#),
      (#""hidden_act": "silu""#, #""hidden_act": "sine""#),
    ])
  func numbers(old: String, new: String) throws {
    let copy = try FixtureCopy("stories260K")
    try copy.replace(old, with: new, in: "config.json")
    #expect(throws: ModelError.self) { try ForwardPass(CensusTests.open(copy.path)) }
  }

  @Test(
    "heads that the projections do not make are refused",
    arguments: [
      (#""num_experts": 8"#, #""num_experts": 100000000"#),
      (#""num_experts_per_tok": 2"#, #""num_experts_per_tok": 9"#),
      (#""decoder_sparse_step": 2"#, #""decoder_sparse_step": 0"#),
      (#""num_query_tokens": 16"#, #""num_query_tokens": 15"#),
      (#""squeeze_ratio": 0.25"#, #""squeeze_ratio": -1"#),
      (#""patch_size": 8"#, #""patch_size": 0"#),
      (#""image_token_index": 1"#, #""image_token_index": -5"#),
      (#""output_hidden_size": 256"#, #""output_hidden_size": 128"#),
    ])
  func multimodalNumbers(old: String, new: String) throws {
    let copy = try FixtureCopy("mm1-moe-tiny")
    try copy.replace(old, with: new, in: "config.json")
    #expect(throws: ModelError.self) { try ForwardPass(CensusTests.open(copy.path)) }
  }
}
