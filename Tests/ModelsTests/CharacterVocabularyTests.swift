// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Fixtures
import Notation
import TestSupport
import Testing
import Tokenizers

@testable import Models

/// Vocabularies of BPE over characters, which GGUF calls `gemma4`.
struct CharacterVocabularyTests {
  /// A decoder with a tokenizer of merges over characters, nothing before its texts.
  private static func copy() throws -> FixtureCopy {
    let copy = try FixtureCopy(family: "gemma4-text")
    copy.remove("tokenizer.model")
    let file = try TemporaryFolder.read(Fixtures.path("tokenizers/bytefallback/tokenizer.json"))
    var json = try JSON(parsing: String(decoding: file, as: UTF8.self))
    json = json.setting(
      "normalizer", to: ["type": "Replace", "pattern": ["String": " "], "content": "▁"])
    json = json.setting(
      "decoder",
      to: [
        "type": "Sequence",
        "decoders": [
          ["type": "Replace", "pattern": ["String": "▁"], "content": " "],
          ["type": "ByteFallback"], ["type": "Fuse"],
        ],
      ])
    json = json.setting(
      "added_tokens", to: .array(Array((json["added_tokens"]?.array ?? []).prefix(3))))
    try copy.write(Array(json.text().utf8), to: "tokenizer.json")
    return copy
  }

  @Test("a GGUF has their merges, and cuts texts into the same tokens")
  func merges() throws {
    let copy = try Self.copy()
    let model = try Model(path: copy.path, library: try DeclarationLibrary())
    let metadata = try model.ggufMetadata(for: [.language])
    #expect(metadata["tokenizer.ggml.model"] == .string("gemma4"))
    #expect(metadata["tokenizer.ggml.merges"]?.strings?.count == 165)
    #expect(metadata["tokenizer.ggml.scores"] == nil)
    let vocabulary = try Vocabulary(metadata: metadata, source: "a.gguf")
    #expect(vocabulary.metadata["tokenizer.ggml.merges"] == metadata["tokenizer.ggml.merges"])
    let tokenizer = try makeTokenizer(vocabulary)
    let golden = try TemporaryFolder.read(Fixtures.path("tokenizers/bytefallback.tokens.json"))
    let rows = try JSON(parsing: String(decoding: golden, as: UTF8.self)).array ?? []
    let texts = rows.compactMap { $0["text"]?.string }
    #expect(texts.count > 100)
    for text in texts {
      let ids = try model.tokenizer.encode(text)
      #expect(try tokenizer.encode(text) == ids, "\(text)")
      #expect(tokenizer.text(of: ids) == model.tokenizer.text(of: ids), "\(text)")
    }
  }

  @Test("sequences begin with a token, whatever a file says")
  func beginning() throws {
    let copy = try Self.copy()
    let model = try Model(path: copy.path, library: try DeclarationLibrary())
    var metadata = try model.ggufMetadata(for: [.language])
    metadata["tokenizer.ggml.add_bos_token"] = .bool(false)
    #expect(try Vocabulary(metadata: metadata, source: "a.gguf").addsBeginningOfSequence)
  }

  @Test("without a file of merges the scores of SentencePiece stay")
  func scores() throws {
    let copy = try FixtureCopy(family: "gemma4-text")
    let model = try Model(path: copy.path, library: try DeclarationLibrary())
    let metadata = try model.ggufMetadata(for: [.language])
    #expect(metadata["tokenizer.ggml.model"] == .string("llama"))
    #expect(metadata["tokenizer.ggml.scores"] != nil)
  }
}
