// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Fixtures
import Notation
import TestSupport
import Testing
import Tokenizers

@testable import Models

/// Vocabularies that only GGUF has, held to what llama.cpp cuts texts into.
struct EngineVocabularyTests {
  private static func golden(_ name: String) throws -> JSON {
    let bytes = try TemporaryFolder.read(Fixtures.path("tokenizers/\(name).json"))
    return try JSON(parsing: String(decoding: bytes, as: UTF8.self))
  }

  private static func metadata(_ name: String, _ golden: JSON) -> GGUFMetadata {
    var metadata = GGUFMetadata()
    metadata["tokenizer.ggml.model"] = .string(name)
    let pieces = (golden["pieces"]?.array ?? []).compactMap(\.string)
    metadata["tokenizer.ggml.tokens"] = .array(GGUFArray(pieces))
    let kinds = (golden["kinds"]?.array ?? []).compactMap(\.integer).map(Int32.init)
    metadata["tokenizer.ggml.token_type"] = .array(GGUFArray(kinds))
    if let scores = golden["scores"]?.array {
      metadata["tokenizer.ggml.scores"] = .array(
        GGUFArray(scores.compactMap(\.number).map(Float.init)))
    }
    metadata["tokenizer.ggml.unknown_token_id"] = .uint32(0)
    return metadata
  }

  @Test("texts become llama.cpp's tokens, and texts again", arguments: ["rwkv", "plamo2"])
  func tokens(name: String) throws {
    let golden = try Self.golden(name)
    let metadata = Self.metadata(name, golden)
    let vocabulary = try Vocabulary(metadata: metadata, source: name)
    let tokenizer = try makeTokenizer(vocabulary)
    let rows = golden["texts"]?.array ?? []
    #expect(rows.count > 150)
    for row in rows {
      let text = try #require(row["text"]?.string)
      let ids = (row["ids"]?.array ?? []).compactMap(\.integer)
      #expect(try tokenizer.encode(text) == ids, "\(text)")
      // The one byte that no piece has, and a mark of the byte order, are lost.
      guard !text.contains("~"), !text.hasPrefix("\u{FEFF}") else { continue }
      #expect(tokenizer.text(of: ids, skippingSpecial: false) == text)
    }
    let again = try Vocabulary(metadata: vocabulary.metadata, source: name)
    #expect(again.model == vocabulary.model && again.pieces == vocabulary.pieces)
    #expect(again.kinds == vocabulary.kinds && again.scores == vocabulary.scores)
  }

  @Test("a vocabulary without a piece of each byte is refused by name")
  func bytes() throws {
    var metadata = Self.metadata("plamo2", try Self.golden("plamo2"))
    metadata["tokenizer.ggml.token_type"] = .array(
      GGUFArray(
        [Int32](repeating: 1, count: try Self.golden("plamo2")["pieces"]?.array?.count ?? 0)))
    let vocabulary = try Vocabulary(metadata: metadata, source: "a.gguf")
    let error = #expect(throws: TokenizerError.self) { try makeTokenizer(vocabulary) }
    #expect(error?.description.contains("a piece of each byte, found none of 0") ?? false)
  }
}
