// SPDX-License-Identifier: Apache-2.0

/// What happens to a text before its words become pieces, as data: normalizers, then the cutting
/// into words.
struct Pipeline: Sendable, Equatable {
  enum Normalizer: Sendable, Equatable {
    case composed
    case decomposed
    case compatiblyComposed
    case compatiblyDecomposed
    case prepend([UInt8])
    case replace(Pattern, with: [UInt8])
    case strip(left: Bool, right: Bool)
    case lowercase
    case removeMarks
    case precompiled(CharacterMap)
    case bert(BertNormalizer)
    case nmt
  }

  enum Step: Sendable, Equatable {
    case split(Pattern, Words.Behavior, isInverted: Bool)
    /// A space in front of each word that has none.
    case spacePrefix
    /// Spaces become `▁`, and one may be put in front.
    case metaspace(prefix: Prefix, splits: Bool)
  }

  enum Prefix: Sendable, Equatable { case never, first, always }

  var normalizers: [Normalizer] = []
  var steps: [Step] = []
  /// Whether a word that is a piece is taken whole without merging.
  var ignoresMerges = false

  static let space = Array("▁".utf8)

  /// A text as the normalizers rewrite it.
  ///
  /// - Throws: ``TokenizerError/tooCostly(source:pattern:place:)``
  func normalized(_ text: [UInt8]) throws(TokenizerError) -> [UInt8] {
    var text = text
    for normalizer in normalizers {
      text =
        switch normalizer {
        case .composed: Normalization.composed(text)
        case .decomposed: Normalization.decomposed(text)
        case .compatiblyComposed: Normalization.compatiblyComposed(text)
        case .compatiblyDecomposed: Normalization.compatiblyDecomposed(text)
        case .prepend(let prefix): text.isEmpty ? text : prefix + text
        case .replace(let pattern, let replacement):
          try Self.replace(pattern, replacement, in: text)
        case .strip(let left, let right): Self.strip(text, left: left, right: right)
        case .lowercase: Array(String(decoding: text, as: UTF8.self).lowercased().utf8)
        case .removeMarks: Self.withoutMarks(text)
        case .precompiled(let map): map.mappedByGraphemes(text)
        case .bert(let bert): bert.normalized(text)
        case .nmt: NmtNormalizer.normalized(text)
        }
    }
    return text
  }

  /// Cuts normalized text into words; `isFirst` says that it is the start of the whole text.
  ///
  /// - Throws: ``TokenizerError/tooCostly(source:pattern:place:)``
  func words(of text: [UInt8], isFirst: Bool) throws(TokenizerError) -> Words {
    var words = Words(text)
    for step in steps {
      switch step {
      case .split(let pattern, let behavior, let isInverted):
        try words.split(by: pattern, behavior, isInverted: isInverted)
      case .spacePrefix:
        words.rewrite { $1.first == UInt8(ascii: " ") ? Array($1) : [UInt8(ascii: " ")] + $1 }
      case .metaspace(let prefix, let splits):
        words.rewrite { index, word in
          let spaced = word.flatMap { $0 == UInt8(ascii: " ") ? Self.space : [$0] }
          let isPrefixed = prefix == .always || prefix == .first && isFirst && index == 0
          return isPrefixed && !spaced.starts(with: Self.space) ? Self.space + spaced : spaced
        }
        if splits { words.splitBeforeMetaspace() }
      }
    }
    return words
  }

  private static func replace(
    _ pattern: Pattern, _ replacement: [UInt8], in text: [UInt8]
  ) throws(TokenizerError) -> [UInt8] {
    try text.withUnsafeBufferPointer { (text) throws(TokenizerError) in
      var matcher = PatternMatcher(pattern, in: text)
      var result: [UInt8] = []
      var done = 0
      for match in try matcher.matches(in: 0..<text.count) {
        result += text[done..<match.lowerBound]
        result += replacement
        done = match.upperBound
      }
      return result + text[done...]
    }
  }

  private static func withoutMarks(_ text: [UInt8]) -> [UInt8] {
    var result = String(decoding: text, as: UTF8.self).unicodeScalars
    result.removeAll {
      switch $0.properties.generalCategory {
      case .nonspacingMark, .spacingMark, .enclosingMark: true
      default: false
      }
    }
    return Array(String(result).utf8)
  }

  private static func strip(_ text: [UInt8], left: Bool, right: Bool) -> [UInt8] {
    let scalars = Array(String(decoding: text, as: UTF8.self).unicodeScalars)
    var range = scalars[...]
    if left { range = range.drop(while: \.properties.isWhitespace) }
    if right { while let last = range.last, last.properties.isWhitespace { range.removeLast() } }
    var result = String.UnicodeScalarView()
    result.append(contentsOf: range)
    return Array(String(result).utf8)
  }
}

extension Words {
  /// Starts a new word at each `▁`.
  fileprivate mutating func splitBeforeMetaspace() {
    var result: [Range<Int>] = []
    for range in ranges {
      var start = range.lowerBound
      for i in range.dropFirst() where text[i...].starts(with: Pipeline.space) {
        result.append(start..<i)
        start = i
      }
      result.append(start..<range.upperBound)
    }
    ranges = result
  }
}
