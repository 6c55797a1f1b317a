// SPDX-License-Identifier: Apache-2.0

/// The longest piece at each place of a text, bytes as they are: RWKV's tokenizer.
///
/// A byte at which no piece begins becomes the unknown piece, or nothing if there is none.
///
/// Source: Formats/tokenizers.md.
struct LongestPieceModel: WordModel {
  private let pieces: PieceTable
  /// How long the longest piece is that begins with two bytes, by these; 1 where none does.
  private let longest: [Int]
  private let unknown: Int?

  init(_ vocabulary: Vocabulary) {
    var pieces = PieceTable(capacity: vocabulary.pieces.count)
    var longest = [Int](repeating: 1, count: 1 << 16)
    for (id, piece) in vocabulary.pieces.enumerated() {
      let bytes = EscapedPiece.bytes(of: piece)
      guard !bytes.isEmpty else { continue }
      pieces.insert(bytes, id: id)
      if bytes.count > 1 {
        let start = Int(bytes[0]) << 8 | Int(bytes[1])
        longest[start] = max(longest[start], bytes.count)
      }
    }
    self.pieces = pieces
    self.longest = longest
    unknown = vocabulary.unknown
  }

  func append(_ range: Range<Int>, of text: [UInt8], to ids: inout [Int]) {
    var place = range.lowerBound
    while place < range.upperBound {
      let rest = range.upperBound - place
      let most = rest > 1 ? min(rest, longest[Int(text[place]) << 8 | Int(text[place + 1])]) : 1
      let found = stride(from: most, through: 1, by: -1).lazy.compactMap { length in
        pieces.id(of: text, place..<place + length).map { (id: Int($0), length: length) }
      }.first
      if let id = found?.id ?? unknown { ids.append(id) }
      place += found?.length ?? 1
    }
  }
}

/// Pieces of any bytes, as text: `\t`, `\n`, `\r`, `\xNN`, and any other character behind a `\` for itself.
enum EscapedPiece {
  static func bytes(of piece: String) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = Array(piece.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\"), let escaped = rest.popFirst() else {
        if byte != UInt8(ascii: "\\") { bytes.append(byte) }
        continue
      }
      switch escaped {
      case UInt8(ascii: "t"): bytes.append(0x09)
      case UInt8(ascii: "n"): bytes.append(0x0A)
      case UInt8(ascii: "r"): bytes.append(0x0D)
      case UInt8(ascii: "x"):
        if let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
          bytes.append(value)
        }
        rest = rest.dropFirst(2)
      default: bytes.append(escaped)
      }
    }
    return bytes
  }
}
