// SPDX-License-Identifier: Apache-2.0

/// SentencePiece's spellings: `<0x0A>` for a byte, `▁` for a space.
package enum BytePiece {
  private static let digits = Array("0123456789ABCDEF")

  package static func spelling(of byte: UInt8) -> String {
    "<0x\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])>"
  }

  /// The byte that a piece such as `<0x0A>` stands for, or nil.
  package static func byte(of piece: String) -> UInt8? {
    let letters = Array(piece.utf8)
    guard letters.count == 6, piece.hasPrefix("<0x"), piece.hasSuffix(">") else { return nil }
    return UInt8(String(decoding: letters[3..<5], as: UTF8.self), radix: 16)
  }

  /// A piece's text with spaces for `▁` (U+2581).
  static func withSpaces(_ piece: String) -> [UInt8] {
    var result: [UInt8] = []
    for scalar in piece.unicodeScalars {
      if scalar == "\u{2581}" {
        result.append(0x20)
      } else {
        result += Array(UTF8.encode(scalar) ?? .init())
      }
    }
    return result
  }
}

extension Vocabulary {
  /// Whether an id is no text: a control piece or the unknown piece.
  func isSpecial(_ id: Int) -> Bool {
    kinds.indices.contains(id) && (kinds[id] == .control || kinds[id] == .unknown)
  }
}
