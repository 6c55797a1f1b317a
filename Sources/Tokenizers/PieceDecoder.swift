// SPDX-License-Identifier: Apache-2.0

/// Turns pieces back into text.
struct PieceDecoder: Sendable, Equatable {
  /// What the pieces spell.
  enum Spelling: Sendable, Equatable {
    /// Letters of ``ByteAlphabet``.
    case bytes
    /// Characters, with `▁` for a space.
    case characters
    /// Characters, with `▁` where a word starts; words are parted by spaces.
    case words
    /// Whole words, parted by spaces.
    case wholeWords
    /// Bytes, escaped as ``EscapedPiece`` says.
    case escapes
    /// Text as it is.
    case plain
  }

  var spelling: Spelling
  /// How many spaces in front of a text are taken away.
  var strippedSpaces = 0
  /// Whether the space before punctuation and before the ends of contractions goes.
  var joinsPunctuation = false

  func bytes(of piece: String, _ kind: Vocabulary.Kind) -> [UInt8] {
    switch (kind, spelling) {
    case (.normal, .bytes): return ByteAlphabet.bytes(of: piece) ?? Array(piece.utf8)
    case (.byte, _): return BytePiece.byte(of: piece).map { [$0] } ?? Array(piece.utf8)
    case (.normal, .escapes): return EscapedPiece.bytes(of: piece)
    case (.normal, .characters): return BytePiece.withSpaces(piece)
    case (.normal, .words):
      let (text, startsWord) = WordPieceModel.text(of: piece)
      return startsWord ? joined([0x20] + text) : text
    case (_, .words), (_, .wholeWords): return joined([0x20] + piece.utf8)
    default: return Array(piece.utf8)
    }
  }

  private static let joinedWords = [".", "?", "!", ",", "n't", "'m", "'s", "'ve", "'re"]
    .map { [UInt8](" \($0)".utf8) }

  private func joined(_ word: [UInt8]) -> [UInt8] {
    joinsPunctuation && Self.joinedWords.contains(word) ? Array(word.dropFirst()) : word
  }
}
