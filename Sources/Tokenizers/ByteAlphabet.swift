// SPDX-License-Identifier: Apache-2.0

/// GPT-2's alphabet: a printable letter for each of the 256 bytes, so that byte strings can stand
/// in text files.
///
/// Printable Latin-1 bytes (0x21-0x7E, 0xA1-0xAC, 0xAE-0xFF) stand for themselves; the other 68, in
/// order, are U+0100 and following. A space is `Ġ`, a newline `Ċ`.
///
/// Source: Radford et al. 2019 (GPT-2), section 2.2; Formats/tokenizers.md.
package enum ByteAlphabet {
  static let letters: [Unicode.Scalar] = {
    var next: UInt32 = 0x100
    return (0...255).map { (byte: UInt32) in
      let isItself =
        (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte)
        || (0xAE...0xFF).contains(byte)
      defer { if !isItself { next += 1 } }
      return Unicode.Scalar(isItself ? byte : next) ?? "\u{FFFD}"
    }
  }()

  private static let bytes: [UInt8?] = {
    var bytes = [UInt8?](repeating: nil, count: 0x144)
    for (byte, letter) in letters.enumerated() { bytes[Int(letter.value)] = UInt8(byte) }
    return bytes
  }()

  /// Bytes spelled in the alphabet.
  package static func spelling(of bytes: some Sequence<UInt8>) -> String {
    var text = ""
    for byte in bytes { text.unicodeScalars.append(letters[Int(byte)]) }
    return text
  }

  /// The bytes that a piece spells, or nil if a character is no letter of the alphabet.
  package static func bytes(of piece: String) -> [UInt8]? {
    var result: [UInt8] = []
    for scalar in piece.unicodeScalars {
      guard scalar.value < 0x144, let byte = bytes[Int(scalar.value)] else { return nil }
      result.append(byte)
    }
    return result
  }
}
