// SPDX-License-Identifier: Apache-2.0

/// SentencePiece's compiled normalization rules (`precompiled_charsmap`): the longest prefix that a
/// double-array trie knows is replaced.
///
/// A 32-bit little-endian byte count, that many bytes of trie units, then replacements, each ended
/// by a zero. A unit's low 8 bits are its label, bit 8 says that the word ends here, bit 9 widens
/// the offset in the bits above; the unit of a leaf holds the place of its replacement in 31 bits.
///
/// Source: Formats/tokenizers.md.
struct CharacterMap: Sendable, Equatable {
  private let units: [UInt32]
  private let replacements: [UInt8]

  init(_ bytes: [UInt8], source: String) throws(TokenizerError) {
    func word(_ i: Int) -> UInt32 {
      UInt32(bytes[i]) | UInt32(bytes[i + 1]) << 8 | UInt32(bytes[i + 2]) << 16
        | UInt32(bytes[i + 3]) << 24
    }
    let size = bytes.count >= 4 ? Int(word(0)) : 0
    guard size > 0, size % 4 == 0, size < bytes.count - 4, bytes.last == 0 else {
      throw .malformed(
        source: source,
        reason: "precompiled_charsmap: expected a trie and replacements ended by zero, found "
          + "\(bytes.count) bytes with a trie of \(size)")
    }
    units = stride(from: 4, to: 4 + size, by: 4).map(word)
    replacements = Array(bytes[(4 + size)...])
  }

  /// The text with every known prefix replaced.
  func mapped(_ text: ArraySlice<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    var position = text.startIndex
    while position < text.endIndex {
      if let (end, replacement) = longestMatch(in: text, at: position) {
        result += replacements[replacement...].prefix { $0 != 0 }
        position = end
      } else {
        let length = UTF8Text.length(startingWith: text[position])
        let end = min(position + length, text.endIndex)
        result += text[position..<end]
        position = end
      }
    }
    return result
  }

  /// The text as Hugging Face's tokenizers map it: a grapheme of less than six bytes becomes the
  /// replacement of the shortest known prefix, if there is one, else each of its characters does.
  func mappedByGraphemes(_ text: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    for grapheme in String(decoding: text, as: UTF8.self) {
      let bytes = Array(grapheme.utf8)
      if bytes.count < 6, let place = shortestMatch(in: bytes[...]) {
        result += replacements[place...].prefix { $0 != 0 }
        continue
      }
      for scalar in grapheme.unicodeScalars {
        let bytes = Array(UTF8.encode(scalar) ?? .init())
        if let place = shortestMatch(in: bytes[...]) {
          result += replacements[place...].prefix { $0 != 0 }
        } else {
          result += bytes
        }
      }
    }
    return result
  }

  private func shortestMatch(in text: ArraySlice<UInt8>) -> Int? {
    var result: Int?
    visitMatches(in: text, at: text.startIndex) { _, place in
      result = place
      return false
    }
    return result
  }

  private func longestMatch(
    in text: ArraySlice<UInt8>, at start: Int
  ) -> (end: Int, replacement: Int)? {
    var longest: (end: Int, replacement: Int)?
    visitMatches(in: text, at: start) { end, place in
      longest = (end, place)
      return true
    }
    return longest
  }

  /// Calls `visit` with the end and the replacement of each known prefix, the shortest first, until
  /// it says that this is enough.
  private func visitMatches(
    in text: ArraySlice<UInt8>, at start: Int, _ visit: (_ end: Int, _ place: Int) -> Bool
  ) {
    var node = Self.offset(units[0])
    for position in start..<text.endIndex {
      node ^= Int(text[position])
      guard node < units.count, units[node] & 0x8000_00FF == UInt32(text[position]) else { break }
      let unit = units[node]
      node ^= Self.offset(unit)
      guard unit & 0x100 != 0 else { continue }
      guard node < units.count else { break }
      let place = Int(units[node] & 0x7FFF_FFFF)
      guard place < replacements.count else { break }
      guard visit(position + 1, place) else { break }
    }
  }

  private static func offset(_ unit: UInt32) -> Int {
    Int(unit >> 10) << Int((unit & 0x200) >> 6)
  }
}
