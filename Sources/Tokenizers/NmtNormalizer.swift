// SPDX-License-Identifier: Apache-2.0

/// Normalizer `Nmt`: control characters go, and characters that look like a space become one.
///
/// Source: Formats/tokenizers.md, of Hugging Face's `Nmt`, after SentencePiece's `nmt` rules.
enum NmtNormalizer {
  static func normalized(_ text: [UInt8]) -> [UInt8] {
    guard text.contains(where: { $0 < 0x20 || $0 >= 0x7F }) else { return text }
    var result = String.UnicodeScalarView()
    for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
      switch scalar.value {
      case 0x01...0x08, 0x0B, 0x0E...0x1F, 0x7F, 0x8F, 0x9F: break
      case 0x09, 0x0A, 0x0C, 0x0D, 0x1680, 0x200B...0x200F, 0x2028, 0x2029, 0x2581, 0xFEFF, 0xFFFD:
        result.append(" ")
      default: result.append(scalar)
      }
    }
    return Array(String(result).utf8)
  }
}
