// SPDX-License-Identifier: Apache-2.0

/// What BERT does to a text before it is cut into words.
///
/// Source: Formats/tokenizers.md, of Hugging Face's `BertNormalizer`.
struct BertNormalizer: Sendable, Equatable {
  /// Whether control characters go and every kind of white space becomes a space.
  var cleansText = true
  /// Whether each ideograph becomes a word of its own.
  var partsIdeographs = true
  var stripsAccents = true
  var lowercases = true

  func normalized(_ text: [UInt8]) -> [UInt8] {
    if text.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) {
      return lowercases ? text.map(Self.lowercased) : text
    }
    var scalars = Array(String(decoding: text, as: UTF8.self).unicodeScalars)
    if cleansText { scalars = scalars.compactMap(Self.cleaned) }
    if partsIdeographs {
      scalars = scalars.flatMap { Self.isIdeograph($0) ? [" ", $0, " "] : [$0] }
    }
    if stripsAccents {
      scalars = Normalization.decomposed(scalars)
        .filter { $0.properties.generalCategory != .nonspacingMark }
    }
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    for scalar in scalars {
      if scalar.isASCII {
        let byte = UInt8(scalar.value)
        result.append(lowercases ? Self.lowercased(byte) : byte)
      } else if lowercases {
        result += scalar.properties.lowercaseMapping.utf8
      } else {
        result += UTF8.encode(scalar) ?? .init()
      }
    }
    return result
  }

  private static func lowercased(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
  }

  private static func cleaned(_ scalar: Unicode.Scalar) -> Unicode.Scalar? {
    if scalar.value > 0x20 && scalar.value < 0x7F { return scalar }
    if scalar.properties.isWhitespace,
      scalar.value > 0x20 || "\t\n\r ".unicodeScalars.contains(scalar)
    {
      return " "
    }
    if scalar == "\u{FFFD}" { return nil }
    switch scalar.properties.generalCategory {
    case .control, .format, .privateUse, .surrogate: return nil
    default: return scalar
    }
  }

  /// The blocks of CJK ideographs that BERT's original code names; the gap before U+2B920 is that
  /// of Hugging Face's.
  private static func isIdeograph(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F,
      0x2B740...0x2B81F, 0x2B920...0x2CEAF, 0xF900...0xFAFF, 0x2F800...0x2FA1F:
      true
    default: false
    }
  }
}
