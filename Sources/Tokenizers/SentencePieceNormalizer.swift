// SPDX-License-Identifier: Apache-2.0

/// What SentencePiece does to a text before it merges: the compiled character map, extra spaces
/// away, a space in front, `▁` for every space.
///
/// Source: `normalizer_spec` of SentencePiece's model format; Formats/tokenizers.md.
struct SentencePieceNormalizer: Sendable {
  private let map: CharacterMap?
  private let kept: AddedTokens
  private let addsSpacePrefix: Bool
  private let removesExtraSpaces: Bool

  /// Prepares a vocabulary's rules; pieces in `kept` pass unchanged.
  init(
    _ vocabulary: Vocabulary, keeping kept: AddedTokens, source: String
  ) throws(TokenizerError) {
    map =
      vocabulary.characterMap.isEmpty
      ? nil : try CharacterMap(vocabulary.characterMap, source: source)
    self.kept = kept
    addsSpacePrefix = vocabulary.addsSpacePrefix
    removesExtraSpaces = vocabulary.removesExtraSpaces
  }

  /// Normalized text of valid UTF-8; empty for a text without anything to tokenize.
  func normalized(_ text: [UInt8]) -> [UInt8] {
    var mapped = self.mapped(text)
    if removesExtraSpaces { mapped = Self.withoutExtraSpaces(mapped) }
    guard !mapped.isEmpty else { return [] }
    if addsSpacePrefix { mapped.insert(0x20, at: 0) }
    var result =
      mapped.contains(0x20) ? mapped.flatMap { $0 == 0x20 ? Pipeline.space : [$0] } : mapped
    // A `▁` in the text counts as a space here, as it does in SentencePiece.
    while removesExtraSpaces, result.suffix(Pipeline.space.count).elementsEqual(Pipeline.space) {
      result.removeLast(Pipeline.space.count)
    }
    return result
  }

  private func mapped(_ text: [UInt8]) -> [UInt8] {
    guard let map else { return text }
    return kept.segments(of: text, parsingSpecial: false).flatMap { segment in
      segment.id == nil ? map.mapped(text[segment.range]) : Array(text[segment.range])
    }
  }

  private static func withoutExtraSpaces(_ text: [UInt8]) -> [UInt8] {
    Array(text.split(separator: 0x20).joined(separator: [0x20]))
  }
}
