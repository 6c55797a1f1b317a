// SPDX-License-Identifier: Apache-2.0

/// WordPiece: a word becomes the longest piece that it starts with, then the longest that goes on
/// from there; a word with a rest that is no piece becomes the unknown piece as a whole.
///
/// Pieces are spelled as in GGUF: `▁` in front of one that starts a word, nothing in front of one
/// that goes on; pieces in brackets stand as they are.
///
/// Source: Devlin et al., arXiv:1810.04805; Formats/tokenizers.md.
struct WordPieceModel: WordModel {
  private let starts: PieceTable
  private let continuations: PieceTable
  /// What stands for a word that no pieces spell; nil drops it.
  private let unknown: Int?
  /// The longest word in characters; longer ones are unknown.
  private let limit: Int

  /// BERT's own limit, which vocabularies without one mean.
  static let usualLimit = 100

  /// Makes a model of a checked vocabulary.
  init(_ vocabulary: Vocabulary, unknown: Int?, limit: Int = usualLimit) {
    var starts = PieceTable(capacity: vocabulary.pieces.count)
    var continuations = PieceTable(capacity: vocabulary.pieces.count)
    for (id, piece) in vocabulary.pieces.enumerated() where vocabulary.kinds[id] == .normal {
      let (text, startsWord) = Self.text(of: piece)
      if startsWord {
        starts.insert(text, id: id)
      } else {
        continuations.insert(text, id: id)
      }
    }
    self.starts = starts
    self.continuations = continuations
    self.unknown = unknown
    self.limit = limit
  }

  /// The spelling of a piece from a file that marks continuations by a prefix such as `##`.
  static func spelling(of piece: String, continuation prefix: String) -> String {
    if isWhole(piece) { return piece }
    let rest = piece.utf8.dropFirst(prefix.utf8.count)
    guard !prefix.isEmpty, !rest.isEmpty, piece.utf8.starts(with: prefix.utf8) else {
      return "▁" + piece
    }
    return String(decoding: rest, as: UTF8.self)
  }

  /// The text of an ordinary piece, and whether it starts a word.
  ///
  /// A lone `▁` goes on: no word starts with an empty piece.
  static func text(of piece: String) -> (text: [UInt8], startsWord: Bool) {
    let text = Array(piece.utf8)
    if isWhole(piece) { return (text, true) }
    guard text.count > Pipeline.space.count, text.starts(with: Pipeline.space) else {
      return (text, false)
    }
    return (Array(text.dropFirst(Pipeline.space.count)), true)
  }

  /// Whether a piece is spelled in brackets, such as `[unused1]`.
  private static func isWhole(_ piece: String) -> Bool {
    piece.utf8.count > 2 && piece.utf8.first == UInt8(ascii: "[")
      && piece.utf8.last == UInt8(ascii: "]")
  }

  func append(_ range: Range<Int>, of text: [UInt8], to ids: inout [Int]) {
    let count = ids.count
    var start = range.lowerBound
    var characters = 0
    for i in range where text[i] & 0xC0 != 0x80 { characters += 1 }
    while characters <= limit, start < range.upperBound {
      let table = start == range.lowerBound ? starts : continuations
      var end = min(range.upperBound, start + table.longest)
      var id: Int32?
      while end > start {
        let isBoundary = end == range.upperBound || text[end] & 0xC0 != 0x80
        id = isBoundary ? table.id(of: text, start..<end) : nil
        if id != nil { break }
        end -= 1
      }
      guard let id else { break }
      ids.append(Int(id))
      start = end
    }
    guard start < range.upperBound else { return }
    ids.removeSubrange(count...)
    if let unknown { ids.append(unknown) }
  }
}
