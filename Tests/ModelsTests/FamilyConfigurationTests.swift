// SPDX-License-Identifier: Apache-2.0

import Models
import TestSupport
import Testing

/// Configurations that contradict themselves, their tensors, or what can be computed.
struct FamilyConfigurationTests {
  struct Contradiction: Sendable, CustomTestStringConvertible {
    let family: String
    let old: String
    let new: String
    let words: [String]
    var testDescription: String { "\(family): \(words.joined(separator: ", "))" }
  }

  static let contradictions = [
    Contradiction(
      family: "gemma2", old: #""layer_types": ["#, new: #""layer_types": ["full_attention","#,
      words: ["config.json", "layer_types", "a list of 4", "5 entries"]),
    Contradiction(
      family: "gemma2", old: #""sliding_attention""#, new: #""chunked_attention""#,
      words: ["config.json", "layer_types", "full_attention and sliding_attention"]),
    Contradiction(
      family: "smollm3", old: #""no_rope_layers": ["#, new: #""no_rope_layers": 4, "was": ["#,
      words: ["no_rope_layers", "a list of 4", "none"]),
    Contradiction(
      family: "qwen3-moe", old: #""mlp_only_layers": ["#, new: #""mlp_only_layers": [4,"#,
      words: ["mlp_only_layers", "numbers of layers below 4"]),
    Contradiction(
      family: "llama3", old: #""rope_type": "llama3""#, new: #""rope_type": "spiral""#,
      words: ["rope scaling 'spiral' is not known", "yarn"]),
    Contradiction(
      family: "llama-yarn", old: #""beta_fast""#, new: #""attention_factor": 2, "beta_fast""#,
      words: ["config.json", "attention_factor"]),
    Contradiction(
      family: "olmo2", old: #""hidden_act": "silu""#, new: #""hidden_act": "sine""#,
      words: ["activation 'sine' is not known", "silu"]),
    Contradiction(
      family: "phi3", old: #""num_key_value_heads": 2"#, new: #""num_key_value_heads": 1"#,
      words: ["qkv_proj", "expected the shape [96, 64]", "found [128, 64]"]),
    Contradiction(
      family: "phi3", old: #""partial_rotary_factor": 0.75"#,
      new: #""partial_rotary_factor": 1.5"#, words: ["rope.dimension", "1 to the head's 16"]),
    Contradiction(
      family: "gemma3-text", old: #""use_bidirectional_attention": false"#,
      new: #""use_bidirectional_attention": true"#,
      words: ["use_bidirectional_attention", "not computed"]),
  ]

  @Test("a contradiction is named with its file and field", arguments: contradictions)
  func contradiction(of contradiction: Contradiction) throws {
    let copy = try FixtureCopy(family: contradiction.family)
    try copy.replace(contradiction.old, with: contradiction.new, in: "config.json")
    let error = #expect(throws: ModelError.self) {
      try ForwardPass(Model(path: copy.path, library: try DeclarationLibrary()))
    }
    for word in contradiction.words {
      #expect(error?.description.contains(word) ?? false, "\(error?.description ?? "")")
    }
  }
}
