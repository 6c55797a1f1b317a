// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Notation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Finds the tokenizer in a Hugging Face folder.
package enum TokenizerFiles {
  /// Reads `tokenizer.json`, or else `tokenizer.model` or `spiece.model`, or else `vocab.json` with
  /// `merges.txt`, or else `vocab.txt`, and the settings and chat template beside it.
  ///
  /// - Throws: ``TokenizerError`` if there is none, or one that is broken or not supported.
  package static func load(folder: String) throws(TokenizerError) -> any Tokenizer {
    let settings = try TokenizerSettings(folder: folder)
    if let file = try open(folder + "/tokenizer.json") {
      return try TokenizerJSON(json(of: file), path: file.path).tokenizer(settings)
    }
    for name in ["tokenizer.model", "spiece.model"] {
      guard let file = try open(folder + "/" + name) else { continue }
      var vocabulary = try SentencePieceModel.vocabulary(of: file)
      try settings.addTokens(to: &vocabulary, source: file.path)
      settings.apply(to: &vocabulary)
      return try makeTokenizer(vocabulary, source: file.path)
    }
    if let pieces = try open(folder + "/vocab.json"),
      let merges = try open(folder + "/merges.txt")
    {
      return try VocabularyFiles.tokenizer(pieces: pieces, merges: merges, settings)
    }
    if let words = try open(folder + "/vocab.txt") {
      return try VocabularyFiles.tokenizer(words: words, settings)
    }
    throw .malformed(
      source: folder,
      reason: "tokenizer: expected tokenizer.json, tokenizer.model, vocab.json with merges.txt, or "
        + "vocab.txt, found none; copy them from the original model")
  }

  /// A file, or nil if there is none.
  static func open(_ path: String) throws(TokenizerError) -> MappedFile? {
    do throws(FileError) {
      return try MappedFile(path: path)
    } catch {
      if error.code == ENOENT { return nil }
      throw .unreadable(error)
    }
  }

  /// The JSON value of a file.
  static func json(of file: MappedFile) throws(TokenizerError) -> JSON {
    try withExtendedLifetime(file) { () throws(TokenizerError) in
      do throws(JSONError) {
        return try JSON(parsing: file.bytes)
      } catch {
        throw .malformed(source: file.path, reason: error.description)
      }
    }
  }

  /// The text of a file.
  static func text(of file: MappedFile) throws(TokenizerError) -> String {
    try withExtendedLifetime(file) { () throws(TokenizerError) in
      guard let text = String(validating: file.bytes, as: UTF8.self) else {
        throw .malformed(source: file.path, reason: "expected UTF-8")
      }
      return text
    }
  }
}
