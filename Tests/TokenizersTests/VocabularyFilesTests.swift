// SPDX-License-Identifier: Apache-2.0

import Fixtures
import Notation
import TestSupport
import Testing

@testable import Tokenizers

/// Vocabularies that lie in files without a `tokenizer.json`.
struct VocabularyFilesTests {
  private static let folder = "tokenizers/files/"

  private struct Row {
    let texts: [String]
    let files: [String]
    let config: JSON
    let json: JSON

    /// A folder with the vocabulary and the settings of this row.
    func tokenizer() throws -> any Tokenizer {
      let folder = try TemporaryFolder()
      for name in files {
        try folder.write(
          try TemporaryFolder.read(Fixtures.path(VocabularyFilesTests.folder + name)), to: name)
      }
      try folder.write(config.text().utf8, to: "tokenizer_config.json")
      let model: JSON = ["model_type": json["model_type"] ?? .null]
      try folder.write(model.text().utf8, to: "config.json")
      return try TokenizerFiles.load(folder: folder.path)
    }
  }

  private static func rows() throws -> [Row] {
    let rows = try Goldens.rows("files/tokens.json")
    let texts = try #require(rows.first?.array).compactMap(\.string)
    return rows.dropFirst().map { row in
      Row(
        texts: texts, files: row["files"]?.array?.compactMap(\.string) ?? [],
        config: row["config"] ?? .null, json: row)
    }
  }

  @Test func tokensEqualThoseOfTheReferenceWithEachKindOfSettings() throws {
    let rows = try Self.rows()
    #expect(rows.count == 10)
    for row in rows {
      let tokenizer = try row.tokenizer()
      let expected = try #require(row.json["ids"]?.array)
      try #require(expected.count == row.texts.count)
      for (text, ids) in zip(row.texts, expected) {
        #expect(
          try tokenizer.encode(text, parsingSpecial: true) == ids.array?.compactMap(\.integer),
          "\(row.config.text()) \(text)")
      }
      #expect(
        try tokenizer.encodeSequence("hello") == row.json["sequence"]?.array?.compactMap(\.integer))
    }
  }

  @Test func namedTokensAreThoseOfTheFilesOrOfTheClass() throws {
    for row in try Self.rows() {
      let vocabulary = try row.tokenizer().vocabulary
      func id(_ name: String) -> Int? { row.json["named"]?[name + "_token"]?.integer }
      #expect(vocabulary.unknown == id("unk"))
      #expect(vocabulary.padding == id("pad"), "\(row.config.text())")
      #expect(vocabulary.mask == id("mask"))
      // Of BERT, a sequence begins and ends with tokens of other names.
      let isBERT = row.files == ["vocab.txt"]
      #expect(vocabulary.beginningOfSequence == (isBERT ? 2 : id("bos")))
      #expect(vocabulary.endOfSequence == (isBERT ? 3 : id("eos")))
    }
  }

  @Test(
    arguments: [
      ("vocab.txt", "[UNK]\na", #"{"tokenizer_class": "EsmTokenizer"}"#, "'EsmTokenizer'"),
      ("vocab.txt", "a\nb", "{}", "unknown piece '[UNK]'"),
      ("vocab.txt", "", "{}", "unknown piece"),
      ("vocab.json", #"{"a": 0}"#, #"{"tokenizer_class": "CLIPTokenizer"}"#, "'CLIPTokenizer'"),
      ("vocab.json", "[]", "{}", "object 'vocab'"),
      ("vocab.json", #"{"a": -1}"#, "{}", "expected ids"),
      ("vocab.json", #"{"a": 0, "b": 1}"#, "{}", "merge 0"),
    ])
  func whatIsWrongIsNamed(file: String, text: String, config: String, name: String) throws {
    let folder = try TemporaryFolder()
    try folder.write(text.utf8, to: file)
    try folder.write("a b\n".utf8, to: "merges.txt")
    try folder.write(config.utf8, to: "tokenizer_config.json")
    let error = #expect(throws: TokenizerError.self) {
      try TokenizerFiles.load(folder: folder.path)
    }
    #expect(error?.description.contains(name) ?? false, "\(error?.description ?? "")")
    #expect(error?.description.contains(file) ?? false)
  }

  @Test("the type of a model says how its vocabulary is cut")
  func modelType() throws {
    let folder = try TemporaryFolder()
    for name in ["vocab.json", "merges.txt"] {
      try folder.write(try TemporaryFolder.read(Fixtures.path(Self.folder + name)), to: name)
    }
    for (type, expected) in [("qwen3_5", "qwen35"), ("qwen3_vl", "qwen2"), ("phi", "gpt-2")] {
      try folder.write(#"{"model_type": "\#(type)"}"#.utf8, to: "config.json")
      #expect(try TokenizerFiles.load(folder: folder.path).vocabulary.preTokenizer == expected)
    }
  }

  @Test("BERT's class prefers its settings to the normalizer of tokenizer.json")
  func settingsBesideTokenizerJSON() throws {
    let folder = try TemporaryFolder()
    let json = try TemporaryFolder.read(Fixtures.path("tokenizers/bert/tokenizer.json"))
    try folder.write(json, to: "tokenizer.json")
    func pieces(_ config: String) throws -> [Int] {
      try folder.write(config.utf8, to: "tokenizer_config.json")
      return try TokenizerFiles.load(folder: folder.path).encode("HELLO")
    }
    let small = try pieces("{}")
    #expect(small != [1])
    #expect(try pieces(#"{"tokenizer_class": "BertTokenizer", "do_lower_case": false}"#) == [1])
    #expect(
      try pieces(#"{"tokenizer_class": "PreTrainedTokenizerFast", "do_lower_case": false}"#)
        == small)
  }
}
