// SPDX-License-Identifier: Apache-2.0

/// The pieces with the greatest sum of scores, in whole numbers, and bytes for characters that are in none:
/// PLaMo 2's tokenizer.
///
/// Unlike SentencePiece's unigram model it knows no spaces of its own, rounds scores to 1/10000, takes the
/// longer first piece of equal sums, and never sums up unknown characters.
///
/// Source: Formats/tokenizers.md.
struct CharacterUnigramModel: WordModel {
  /// What a character that is in no piece counts.
  private static let unknownScore = -10_000_000
  /// Pieces that count this, or less, are never taken.
  private static let invalidScore = -20_000_000.0
  private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

  private let pieces: PieceTable
  /// In 1/10000; nil for pieces that are never taken.
  private let scores: [Int?]
  /// Of the pieces that begin with a byte, how many characters the longest has.
  private let longest: [Int]
  private let byteIDs: [Int]

  /// - Throws: ``TokenizerError`` if a byte has no piece.
  init(_ vocabulary: Vocabulary, source: String) throws(TokenizerError) {
    var pieces = PieceTable(capacity: vocabulary.pieces.count)
    var bytes = [Int?](repeating: nil, count: 256)
    var longest = [Int](repeating: 1, count: 256)
    for (id, piece) in vocabulary.pieces.enumerated() {
      if vocabulary.kinds[id] == .byte {
        if let byte = BytePiece.byte(of: piece) { bytes[Int(byte)] = id }
      } else if let first = piece.utf8.first {
        pieces.insert(piece.utf8, id: id)
        longest[Int(first)] = max(longest[Int(first)], piece.unicodeScalars.count)
      }
    }
    if let missing = bytes.firstIndex(of: nil) {
      throw .malformed(
        source: source,
        reason: "vocabulary: expected a piece of each byte, found none of \(missing)")
    }
    byteIDs = bytes.compactMap(\.self)
    scores = vocabulary.scores.map { score in
      let rounded = (Double(score) * 1e4).rounded()
      return rounded > Self.invalidScore && rounded < 0x1p31 ? Int(rounded) : nil
    }
    self.pieces = pieces
    self.longest = longest
  }

  func append(_ range: Range<Int>, of text: [UInt8], to ids: inout [Int]) {
    var range = range
    if text[range].starts(with: Self.byteOrderMark) {
      range = range.lowerBound + Self.byteOrderMark.count..<range.upperBound
    }
    // Where characters begin, and the end.
    let starts = range.filter { text[$0] & 0xC0 != 0x80 } + [range.upperBound]
    let count = starts.count - 1
    guard count > 0 else { return }
    var sums = [Int](repeating: 0, count: count + 1)
    var steps = [(length: Int, id: Int?)](repeating: (1, nil), count: count)
    for place in stride(from: count - 1, through: 0, by: -1) {
      var best: Int?
      let most = min(longest[Int(text[starts[place]])], count - place)
      for length in stride(from: most, through: 1, by: -1) {
        guard let id = pieces.id(of: text, starts[place]..<starts[place + length]),
          let score = scores[Int(id)]
        else { continue }
        let sum = sums[place + length] + score
        if best.map({ sum > $0 }) ?? true {
          best = sum
          steps[place] = (length, Int(id))
        }
      }
      let unknown = sums[place + 1] + Self.unknownScore
      if best.map({ unknown > $0 }) ?? true {
        best = unknown
        steps[place] = (1, nil)
      }
      sums[place] = best ?? unknown
    }
    var place = 0
    while place < count {
      let step = steps[place]
      if let id = step.id {
        ids.append(id)
      } else {
        ids += text[starts[place]..<starts[place + 1]].map { byteIDs[Int($0)] }
      }
      place += step.length
    }
  }
}
