// SPDX-License-Identifier: Apache-2.0

/// Unicode's normalization forms of valid UTF-8: NFD and NFC, NFKD and NFKC.
///
/// Source: UAX #15; the decompositions are those of ``CanonicalMappings`` and
/// ``CompatibilityMappings``.
enum Normalization {
  /// NFC.
  static func composed(_ text: [UInt8]) -> [UInt8] {
    transform(text) { compose(decomposed($0)) }
  }

  /// NFD.
  static func decomposed(_ text: [UInt8]) -> [UInt8] { transform(text) { decomposed($0) } }

  /// NFKC.
  static func compatiblyComposed(_ text: [UInt8]) -> [UInt8] {
    transform(text) { compose(decomposed($0, compatibly: true)) }
  }

  /// NFKD.
  static func compatiblyDecomposed(_ text: [UInt8]) -> [UInt8] {
    transform(text) { decomposed($0, compatibly: true) }
  }

  /// ASCII is in every form already.
  private static func transform(
    _ text: [UInt8], _ change: (String.UnicodeScalarView) -> [Unicode.Scalar]
  ) -> [UInt8] {
    guard text.contains(where: { $0 >= 0x80 }) else { return text }
    var result = String.UnicodeScalarView()
    result.append(contentsOf: change(String(decoding: text, as: UTF8.self).unicodeScalars))
    return Array(String(result).utf8)
  }

  /// NFD, or NFKD.
  static func decomposed(
    _ text: some Sequence<Unicode.Scalar>, compatibly: Bool = false
  ) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    for scalar in text { append(scalar, compatibly, to: &result) }
    sortMarks(&result)
    return result
  }

  private static func append(
    _ scalar: Unicode.Scalar, _ compatibly: Bool, to result: inout [Unicode.Scalar]
  ) {
    if let syllable = Hangul.decomposition(scalar) {
      result += syllable
    } else if let (first, second) = CanonicalMappings.decompositions[scalar] {
      append(first, compatibly, to: &result)
      if let second { append(second, compatibly, to: &result) }
    } else if compatibly, let parts = CompatibilityMappings.decompositions[scalar] {
      for part in parts { append(part, compatibly, to: &result) }
    } else {
      result.append(scalar)
    }
  }

  /// Puts each run of marks in the order of their combining classes, equal ones as they came.
  private static func sortMarks(_ scalars: inout [Unicode.Scalar]) {
    let classes = scalars.map { $0.properties.canonicalCombiningClass.rawValue }
    var start = 0
    while start < scalars.count {
      guard classes[start] != 0 else {
        start += 1
        continue
      }
      let end = classes[start...].firstIndex(of: 0) ?? scalars.count
      let order = (start..<end).sorted { (classes[$0], $0) < (classes[$1], $1) }
      scalars.replaceSubrange(start..<end, with: order.map { scalars[$0] })
      start = end
    }
  }

  private static func compose(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    var starter: Int?
    var lastClass: UInt8 = 0
    for scalar in scalars {
      let combiningClass = scalar.properties.canonicalCombiningClass.rawValue
      // Blocked if a mark between has an equal or higher class (UAX #15, D115).
      if let starter, lastClass < combiningClass || starter == result.count - 1,
        let whole = CanonicalMappings.composition(result[starter], scalar)
      {
        result[starter] = whole
        continue
      }
      result.append(scalar)
      if combiningClass == 0 { starter = result.count - 1 }
      lastClass = combiningClass
    }
    return result
  }
}

/// Hangul syllables, which compose by arithmetic (The Unicode Standard, section 3.12).
enum Hangul {
  private static let (syllables, leads, vowels, trails): (UInt32, UInt32, UInt32, UInt32) =
    (0xAC00, 0x1100, 0x1161, 0x11A7)
  private static let (leadCount, vowelCount, trailCount): (UInt32, UInt32, UInt32) = (19, 21, 28)

  static func decomposition(_ scalar: Unicode.Scalar) -> [Unicode.Scalar]? {
    guard scalar.value >= syllables,
      scalar.value < syllables + leadCount * vowelCount * trailCount
    else { return nil }
    let index = scalar.value - syllables
    let trail = index % trailCount
    let parts = [
      leads + index / trailCount / vowelCount, vowels + index / trailCount % vowelCount,
    ]
    return (trail == 0 ? parts : parts + [trails + trail]).compactMap(Unicode.Scalar.init)
  }

  static func composition(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> Unicode.Scalar? {
    let (a, b) = (first.value, second.value)
    if a >= leads, a < leads + leadCount, b >= vowels, b < vowels + vowelCount {
      return Unicode.Scalar(syllables + ((a - leads) * vowelCount + b - vowels) * trailCount)
    }
    if a >= syllables, a < syllables + leadCount * vowelCount * trailCount,
      (a - syllables) % trailCount == 0, b > trails, b < trails + trailCount
    {
      return Unicode.Scalar(a + b - trails)
    }
    return nil
  }
}
