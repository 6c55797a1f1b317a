// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Checkpoints
import Fixtures
import Testing
import Tokenizers

@testable import Models

/// Vocabularies of real models as GGUF files, and texts with their ids.
struct VocabularyFilesTests {
  static let folder = "tokenizers/vocabularies/"

  private static func text(_ name: String) throws -> String {
    let file = try MappedFile(path: Fixtures.path(folder + name))
    return withExtendedLifetime(file) { String(decoding: file.bytes, as: UTF8.self) }
  }

  private static func vocabulary(_ name: String) throws -> Vocabulary {
    let file = try GGUFFile(file: MappedFile(path: Fixtures.path(folder + name + ".gguf")))
    return try Vocabulary(metadata: file.metadata, source: name)
  }

  @Test(arguments: ["bert-bge", "gpt-2", "phi-3", "qwen2"])
  func tokensEqualThoseOfTheReference(name: String) throws {
    let tokenizer = try makeTokenizer(try Self.vocabulary(name), source: name)
    let texts = Self.parts(try Self.text("texts.inp")).dropLast()
    let lines = try Self.text(name + ".out").split(
      separator: "\n", omittingEmptySubsequences: false)
    try #require(texts.count == 46 && lines.count >= 46)
    for (text, line) in zip(texts, lines) {
      let expected = line.split(separator: " ").compactMap { Int($0) }
      #expect(try tokenizer.encode(text, parsingSpecial: false) == expected, "\(text)")
    }
  }

  /// The texts between lines of `__ggml_vocab_test__`.
  private static func parts(_ text: String) -> [String] {
    let mark = Array("\n__ggml_vocab_test__\n".utf8)
    var parts: [[UInt8]] = [[]]
    let bytes = Array(text.utf8)
    var position = 0
    while position < bytes.count {
      if bytes[position...].starts(with: mark) {
        parts.append([])
        position += mark.count
      } else {
        parts[parts.count - 1].append(bytes[position])
        position += 1
      }
    }
    return parts.map { String(decoding: $0, as: UTF8.self) }
  }

  @Test(arguments: ["bert-bge", "gpt-2", "phi-3", "qwen2"])
  func writtenMetadataGiveTheVocabularyBack(name: String) throws {
    let vocabulary = try Self.vocabulary(name)
    #expect(try Vocabulary(metadata: vocabulary.metadata, source: name) == vocabulary)
  }

  @Test(arguments: ["unigram", "unigram-identity", "t5", "bert", "bert-cased"])
  func tokenizerFilesSurviveGGUF(name: String) throws {
    let tokenizer = try TokenizerFiles.load(folder: Fixtures.path("tokenizers/" + name))
    let vocabulary = tokenizer.vocabulary
    let read = try Vocabulary(metadata: vocabulary.metadata, source: name)
    #expect(read == vocabulary)
    #expect(
      try makeTokenizer(read).encodeSequence("Hello, world! 123")
        == tokenizer.encodeSequence("Hello, world! 123"))
  }
}
