// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Fixtures
import LinearAlgebra
import Models
import Notation
import Tensors
import TestSupport
import Testing
import Tokenizers

/// Encoders as they lie on the hub.
struct EncoderFilesTests {
  private static func embedding(_ path: String) throws -> [Float] {
    try ForwardPass(Model(path: path, library: try DeclarationLibrary()))
      .logits([TokenSequence(tokens: [1, 5, 9, 30])]).values
  }

  /// A copy whose tensors have other names, and one more, of a head.
  private static func copy(renaming rename: @escaping (String) -> String) throws -> FixtureCopy {
    let copy = try FixtureCopy(encoder: "bert")
    try copy.rewrite { tensors in
      for index in tensors.indices {
        tensors[index].description = TensorDescription(
          name: rename(tensors[index].description.name),
          encoding: tensors[index].description.encoding, shape: tensors[index].description.shape)
      }
      for name in ["cls.predictions.bias", "bert.embeddings.position_ids"] {
        tensors.append(
          FixtureCopy.Tensor(
            description: TensorDescription(name: name, encoding: .f32, shape: [2]),
            bytes: [UInt8](repeating: 0, count: 8)))
      }
    }
    return copy
  }

  @Test(
    "a whole model's prefix and the ends of old names change nothing",
    arguments: [
      ["": "bert."],
      ["": "bert.", "LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta"],
    ])
  func names(changes: [String: String]) throws {
    let copy = try Self.copy { name in
      let end = changes.first { !$0.key.isEmpty && name.hasSuffix($0.key) }
      return (changes[""] ?? "") + (end.map { name.dropLast($0.key.count) + $0.value } ?? name)
    }
    let plain = try FixtureCopy(encoder: "bert")
    #expect(try Self.embedding(copy.path) == Self.embedding(plain.path))
    let model = try Model(path: copy.path, library: try DeclarationLibrary())
    let reasons = Dictionary(
      uniqueKeysWithValues: model.census.dropped.map { ($0.tensor, $0.reason) })
    #expect(reasons["cls.predictions.bias"]?.contains("masked") ?? false)
    #expect(reasons["bert.embeddings.position_ids"] != nil)
  }

  @Test("a head of another purpose is not passed over")
  func otherHead() throws {
    let copy = try FixtureCopy(encoder: "bert")
    try copy.rewrite { tensors in
      tensors.append(
        FixtureCopy.Tensor(
          description: TensorDescription(name: "classifier.weight", encoding: .f32, shape: [1]),
          bytes: [0, 0, 0, 0]))
    }
    let error = #expect(throws: ModelError.self) { try Self.embedding(copy.path) }
    #expect(error?.description.contains("'classifier.weight'") ?? false)
  }

  @Test("a layer behind the pooled embedding is refused")
  func dense() throws {
    let copy = try FixtureCopy(encoder: "bert")
    try copy.makeFolder("2_Dense")
    try copy.write(
      Array(#"{"in_features": 32, "out_features": 16}"#.utf8), to: "2_Dense/config.json")
    let error = #expect(throws: ModelError.self) { try Self.embedding(copy.path) }
    #expect(error?.description.contains("2_Dense") ?? false)
  }

  @Test("a tokenizer of whole words is refused for GGUF")
  func wholeWords() throws {
    let copy = try FixtureCopy(encoder: "bert")
    try copy.write(
      try TemporaryFolder.read(Fixtures.path("tokenizers/wordlevel/tokenizer.json")),
      to: "tokenizer.json")
    let model = try Model(path: copy.path, library: try DeclarationLibrary())
    let error = #expect(throws: ModelError.self) { try model.ggufMetadata(for: [.language]) }
    #expect(error?.description.contains("WordLevel") ?? false)
  }

  @Test("several tokens around a text have a note for GGUF")
  func marks() throws {
    let copy = try FixtureCopy(encoder: "bert")
    let plain = try Model(path: copy.path, library: try DeclarationLibrary())
    #expect(try plain.notes(for: .gguf).isEmpty)
    let text = String(
      decoding: try TemporaryFolder.read(copy.file("tokenizer.json")), as: UTF8.self)
    var json = try #require(JSON(parsing: text).object)
    json["post_processor"] = [
      "type": "Sequence",
      "processors": [json["post_processor"] ?? .null, json["post_processor"] ?? .null],
    ]
    try copy.write(Array(JSON.object(json).text().utf8), to: "tokenizer.json")
    let model = try Model(path: copy.path, library: try DeclarationLibrary())
    #expect(try model.tokenizer.encodeSequence("") == [2, 2, 3, 3])
    let notes = try model.notes(for: .gguf)
    #expect(notes.count == 2 && notes[0].contains("'[CLS]' '[CLS]'"))
    #expect(try model.notes(for: .mlx).isEmpty)
  }

  @Test("a vocabulary without a tokenizer.json is enough")
  func vocabulary() throws {
    let copy = try FixtureCopy(encoder: "bert")
    copy.remove("tokenizer.json")
    try copy.write(
      try TemporaryFolder.read(Fixtures.path("tokenizers/files/vocab.txt")), to: "vocab.txt")
    let model = try Model(path: copy.path, library: try DeclarationLibrary())
    #expect(model.tokenizer.beginning == [2] && model.tokenizer.end == [3])
    #expect(try !model.tokenizer.encode("Hello").contains(1))
  }
}
