// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Notation

/// Makes of a vocabulary's files what a `tokenizer.json` would say.
///
/// Source: Formats/tokenizers.md.
enum VocabularyFiles {
  /// The tokenizer of `vocab.json`, an object of pieces with their ids, and `merges.txt`, a pair of
  /// pieces a line.
  ///
  /// - Throws: ``TokenizerError`` for a file that is broken, or a class of tokenizers that is not
  ///   known.
  static func tokenizer(
    pieces: MappedFile, merges: MappedFile, _ settings: TokenizerSettings
  ) throws(TokenizerError) -> any Tokenizer {
    let own = try TokenizerClass.of(.merges, settings, source: pieces.path)
    var lines = try lines(of: merges)
    if lines.first?.hasPrefix("#version") ?? false { lines.removeFirst() }
    let vocabulary = try TokenizerFiles.json(of: pieces)
    let bytes: JSON = [
      "type": "ByteLevel", "add_prefix_space": settings["add_prefix_space"] ?? false,
      "use_regex": .bool(own.pattern == nil),
    ]
    let split = own.pattern.map { pattern -> JSON in
      ["type": "Split", "pattern": ["Regex": .string(pattern)], "behavior": "Isolated"]
    }
    return try tokenizer(
      [
        "model": ["type": "BPE", "vocab": vocabulary, "merges": .array(lines.map(JSON.string))],
        "normalizer": own.normalizer,
        "pre_tokenizer": [
          "type": "Sequence", "pretokenizers": .array([split, bytes].compactMap(\.self)),
        ],
        "decoder": ["type": "ByteLevel"],
      ], of: own, settings, path: pieces.path)
  }

  /// The tokenizer of `vocab.txt`, a piece a line; of equal ones the last counts.
  ///
  /// - Throws: ``TokenizerError`` for a file that is broken, or a class of tokenizers that is not
  ///   known.
  static func tokenizer(
    words: MappedFile, _ settings: TokenizerSettings
  ) throws(TokenizerError) -> any Tokenizer {
    let own = try TokenizerClass.of(.words, settings, source: words.path)
    var settings = settings
    settings.usualTokens = own.tokens
    var vocabulary = JSON.Object()
    for (id, line) in try lines(of: words).enumerated() { vocabulary[line] = .integer(id) }
    let unknown = settings.token("unk_token") ?? ""
    guard vocabulary[unknown] != nil else {
      throw .malformed(
        source: words.path, reason: "expected the unknown piece '\(unknown)' on a line, found none")
    }
    var root: JSON = [
      "model": [
        "type": "WordPiece", "vocab": .object(vocabulary), "unk_token": .string(unknown),
        "continuing_subword_prefix": "##",
      ],
      "normalizer": settings.bertNormalizer ?? ["type": "BertNormalizer"],
      "pre_tokenizer": ["type": "BertPreTokenizer"],
      "decoder": ["type": "WordPiece"],
    ]
    let marks = ["sep_token", "cls_token"].map { key -> JSON in
      let name = settings.token(key) ?? ""
      return [.string(name), vocabulary[name] ?? .null]
    }
    if marks.allSatisfy({ $0.array?[1].integer != nil }), var object = root.object {
      object["post_processor"] = ["type": "BertProcessing", "sep": marks[0], "cls": marks[1]]
      root = .object(object)
    }
    return try tokenizer(root, of: own, settings, path: words.path)
  }

  private static func tokenizer(
    _ root: JSON, of own: TokenizerClass, _ settings: TokenizerSettings, path: String
  ) throws(TokenizerError) -> any Tokenizer {
    var settings = settings
    settings.usualTokens = own.tokens
    return try TokenizerJSON(root, path: path).tokenizer(settings)
  }

  /// The lines of a file, without white space at their ends.
  private static func lines(of file: MappedFile) throws(TokenizerError) -> [String] {
    let text = try TokenizerFiles.text(of: file)
    var lines = text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false)
    if lines.last?.isEmpty ?? false { lines.removeLast() }
    return lines.map { line in
      let scalars = Substring(line).unicodeScalars
      let end = scalars.lastIndex { !$0.properties.isWhitespace }.map(scalars.index(after:))
      return String(scalars[..<(end ?? scalars.startIndex)])
    }
  }
}
