// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Fixtures
import Testing

@testable import Tokenizers

struct TokenizerFilesTests {
  private static func tokenizer(json: String) throws -> any Tokenizer {
    let bytes = Array(json.utf8)
    let file = bytes.withUnsafeBytes { MappedFile(path: "tokenizer.json", copying: $0) }
    return try TokenizerJSON(TokenizerFiles.json(of: file), path: file.path)
      .tokenizer(TokenizerSettings(folder: "/nonexistent"))
  }

  private static func json(
    normalizer: String = "null", preTokenizer: String = "null", model: String = "{}"
  ) -> String {
    """
    {"normalizer": \(normalizer), "pre_tokenizer": \(preTokenizer), "decoder": null,
     "model": \(model)}
    """
  }

  @Test(arguments: [
    (json(normalizer: #"{"type": "Oddity"}"#), "Oddity"),
    (json(preTokenizer: #"{"type": "Oddity"}"#), "Oddity"),
    (json(preTokenizer: #"{"type": "Split", "pattern": {"Regex": "(a"}}"#), "parenthesis"),
    (json(preTokenizer: #"{"type": "Split", "pattern": {"Regex": "(?R)b"}}"#), "(?R"),
    (json(model: #"{"type": "Letters", "vocab": {"a": 0}}"#), "Letters"),
    (json(model: #"{"type": "WordLevel", "vocab": {"a": 0}}"#), "unk_token"),
    (json(model: #"{"vocab": {"a": 0}, "unk_token": "<unk>"}"#), "'<unk>', which is none"),
    (json(model: #"{"type": "WordLevel", "unk_token": "a"}"#), "object 'vocab'"),
    (json(model: #"{"type": "WordLevel", "vocab": {"a": -1}, "unk_token": "a"}"#), "expected ids"),
    (json(model: #"{"type": "Unigram", "vocab": {"a": 0}}"#), "expected ids"),
    (json(model: #"{"type": "Unigram", "vocab": [["a"]]}"#), "entry 0"),
    (json(model: #"{"type": "Unigram", "vocab": [["a", 0]], "unk_id": 1}"#), "unk_id"),
    (json(model: #"{"type": "WordPiece", "vocab": []}"#), "object 'vocab'"),
    (json(normalizer: #"{"type": "Precompiled", "precompiled_charsmap": "A"}"#), "Base64"),
    (json(normalizer: #"{"type": "Precompiled", "precompiled_charsmap": "AAAA"}"#), "a trie"),
    (json(model: #"{"type": "BPE", "vocab": {"a": 999999999}, "merges": []}"#), "expected ids"),
    (json(model: #"{"type": "BPE", "vocab": {"a": -1}, "merges": []}"#), "expected ids"),
    (json(model: #"{"type": "BPE", "vocab": {"a": 0}}"#), "model.merges: expected a list"),
    (json(model: #"{"type": "BPE", "vocab": {"a": 0}, "merges": ["a b"]}"#), "merge 0"),
    (json(model: #"{"type": "BPE", "vocab": {"a": 0}, "merges": [["a"]]}"#), "merge 0"),
    ("{", "byte"), ("[]", "model"),
  ])
  func whatIsWrongOrNotSupportedIsNamed(json: String, name: String) throws {
    let full = json.replacing(
      "\"model\": {}", with: "\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}}")
    let error = try #require(throws: TokenizerError.self) { try Self.tokenizer(json: full) }
    #expect(error.description.contains(name), "\(error)")
  }

  @Test func everyTruncationOfAModelIsAnErrorOrASmallerModel() throws {
    let file = try MappedFile(path: Fixtures.path("stories260K/tokenizer.model"))
    for count in stride(from: 0, to: file.bytes.count, by: 97) {
      let part = MappedFile(path: "tokenizer.model", copying: .init(rebasing: file.bytes[..<count]))
      do {
        _ = try makeTokenizer(try SentencePieceModel.vocabulary(of: part))
      } catch {
        #expect(error.description.contains("tokenizer"))
      }
    }
  }

  @Test func aFolderWithoutATokenizerIsAnError() {
    #expect(throws: TokenizerError.self) {
      try TokenizerFiles.load(folder: Fixtures.path("images"))
    }
  }

  @Test(arguments: [
    (Goldens.Model.mm1, "gpt-2" as String?, false, 0 as Int?, 0 as Int?),
    (.smolVLM, "smollm", false, 1, 49279),
    (.llava, "default", true, 1, 2), (.byteFallback, "default", true, 1, nil),
    (.unigramIdentity, "default", true, 1 as Int?, 2), (.bert, "default", true, 2, 3),
    (.bertCased, "default", true, 2, 3), (.t5, "default", false, nil, 1),
    (.wordLevel, nil, true, 2, 3),
  ])
  func settingsReachTheVocabulary(
    model: Goldens.Model, preTokenizer: String?, addsBeginning: Bool, beginning: Int?,
    end: Int?
  ) throws {
    let vocabulary = try model.tokenizer().vocabulary
    #expect(vocabulary.preTokenizer == preTokenizer)
    #expect(vocabulary.addsBeginningOfSequence == addsBeginning)
    #expect(vocabulary.beginningOfSequence == beginning)
    #expect(vocabulary.endOfSequence == end)
    let ended: Set<Goldens.Model> = [.bert, .bertCased, .t5, .wordLevel]
    #expect(vocabulary.addsEndOfSequence == ended.contains(model))
  }

  @Test(arguments: [Goldens.Model.mm1, .smolVLM, .bert, .bertCased])
  func aVocabularyAloneGivesTheSameTokens(model: Goldens.Model) throws {
    let tokenizer = try model.tokenizer()
    let other = try makeTokenizer(tokenizer.vocabulary)
    for row in try model.rows {
      #expect(try other.encode(row.bytes, parsingSpecial: true) == row.special, "\(row.name)")
      #expect(try other.encode(row.bytes, parsingSpecial: false) == row.plain, "\(row.name)")
    }
  }

  @Test func aVocabularyOfUnequalArraysIsAnError() {
    var vocabulary = Vocabulary(model: .sentencePiece, pieces: ["a"], kinds: [.normal])
    #expect(throws: TokenizerError.self) { try makeTokenizer(vocabulary) }
    vocabulary.scores = [0]
    vocabulary.endOfSequence = 1
    #expect(throws: TokenizerError.self) { try makeTokenizer(vocabulary) }
  }
}
