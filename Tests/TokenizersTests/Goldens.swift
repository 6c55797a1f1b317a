// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Fixtures
import Notation
import Testing
import Tokenizers

/// Golden data of Fixtures/tokenizers.
enum Goldens {
  static func rows(_ name: String) throws -> [JSON] {
    let file = try MappedFile(path: Fixtures.path("tokenizers/" + name))
    return try withExtendedLifetime(file) { try #require(JSON(parsing: file.bytes).array) }
  }

  /// A golden text and what the reference makes of it.
  struct Row: Sendable {
    var bytes: [UInt8]
    /// Ids with control pieces parsed, and without.
    var special: [Int]
    var plain: [Int]
    var decoded: String?

    /// The text, repaired.
    var name: String { String(decoding: bytes, as: UTF8.self) }
  }

  static func tokens(_ name: String) throws -> [Row] {
    try rows(name).map { row in
      let bytes =
        try row["text"]?.string.map { Array($0.utf8) }
        ?? #require(row["bytes"]?.array).compactMap { $0.integer.map(UInt8.init) }
      let special = row["special"]?.array?.compactMap(\.integer)
      let plain = row["plain"]?.array?.compactMap(\.integer)
      return Row(
        bytes: bytes, special: special ?? [], plain: plain ?? special ?? [],
        decoded: row["decoded"]?.string)
    }
  }

  /// A model of Fixtures whose tokens are known.
  enum Model: String, Sendable, CaseIterable {
    case mm1 = "mm1-tiny"
    case smolVLM = "smolvlm"
    case llava = "llava-tiny"
    case stories = "stories260K"
    case nfkc
    case byteFallback = "bytefallback"
    case unigram
    case unigramIdentity = "unigram-identity"
    case t5
    case bert
    case bertCased = "bert-cased"
    case wordLevel = "wordlevel"
    case wordLevelBytes = "wordlevel-bytes"

    func tokenizer() throws -> any Tokenizer {
      try Goldens.tokenizers[self, default: Goldens.none].get()
    }

    var rows: [Row] { get throws { try Goldens.tokens(rawValue + ".tokens.json") } }
  }

  private static let none = Result<any Tokenizer, any Error> { throw CancellationError() }

  private static let tokenizers: [Model: Result<any Tokenizer, any Error>] = Dictionary(
    uniqueKeysWithValues: Model.allCases.map { model in
      let isElsewhere = [.mm1, .llava, .stories].contains(model)
      let folder = (isElsewhere ? "" : "tokenizers/") + model.rawValue
      return (model, Result { try TokenizerFiles.load(folder: Fixtures.path(folder)) })
    })
}
