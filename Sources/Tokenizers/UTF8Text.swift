// SPDX-License-Identifier: Apache-2.0

/// Steps through valid UTF-8 bytes.
enum UTF8Text {
  /// The bytes with U+FFFD for each maximal ill-formed part; the same bytes if there is none.
  static func repaired(_ bytes: [UInt8]) -> [UInt8] {
    bytes.allSatisfy { $0 < 0x80 } ? bytes : Array(String(decoding: bytes, as: UTF8.self).utf8)
  }

  /// How many bytes the character has that starts with `byte`.
  @inline(__always)
  static func length(startingWith byte: UInt8) -> Int {
    byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
  }

  /// The character that starts at `position`, and its length in bytes.
  static func scalar(
    _ text: UnsafeBufferPointer<UInt8>, at position: Int
  ) -> (Unicode.Scalar, length: Int) {
    let first = text[position]
    let length = min(length(startingWith: first), text.count - position)
    var value = length == 1 ? UInt32(first) : UInt32(first) & (0x7F >> UInt32(length))
    for i in 1..<max(length, 1) { value = value << 6 | UInt32(text[position + i] & 0x3F) }
    return (Unicode.Scalar(value) ?? "\u{FFFD}", length)
  }

  /// The character that ends before `position`, and its length in bytes.
  static func scalar(
    _ text: UnsafeBufferPointer<UInt8>, before position: Int
  ) -> (Unicode.Scalar, length: Int) {
    var start = position - 1
    while start > 0, text[start] & 0xC0 == 0x80, position - start < 4 { start -= 1 }
    return scalar(text, at: start)
  }
}
