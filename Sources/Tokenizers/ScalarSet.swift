// SPDX-License-Identifier: Apache-2.0

/// A set of characters as a pattern names it: `\p{L}`, `[^\r\n\p{L}\p{N}]`, `\s`.
struct ScalarSet: Sendable, Equatable {
  indirect enum Item: Sendable, Equatable {
    case range(ClosedRange<UInt32>)
    /// General categories, a bit each in the order of ``generalCategories``.
    case categories(UInt32)
    /// Unicode's White_Space, which is what Oniguruma, Rust and Python call `\s`.
    case space
    /// Letters, marks, decimal digits and connectors: `\w` of UTS #18.
    case word
    case complement([Item])
  }

  let items: [Item]
  let isComplement: Bool
  /// Membership of U+0000 to U+007F.
  private let ascii: (UInt64, UInt64)

  init(_ items: [Item], isComplement: Bool = false) {
    self.items = items
    self.isComplement = isComplement
    var bits: (UInt64, UInt64) = (0, 0)
    for value in UInt8.min..<128
    where Self.contains(Unicode.Scalar(value), items) != isComplement {
      if value < 64 { bits.0 |= 1 << UInt64(value) } else { bits.1 |= 1 << UInt64(value - 64) }
    }
    ascii = bits
  }

  static let space = ScalarSet([.space])
  static let word = ScalarSet([.word])
  /// Everything but a newline: `.`.
  static let notNewline = ScalarSet([.range(10...10)], isComplement: true)

  @inline(__always)
  func contains(ascii byte: UInt8) -> Bool {
    (byte < 64 ? ascii.0 >> UInt64(byte) : ascii.1 >> UInt64(byte & 63)) & 1 != 0
  }

  func contains(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 128
      ? contains(ascii: UInt8(scalar.value)) : Self.contains(scalar, items) != isComplement
  }

  static func == (a: ScalarSet, b: ScalarSet) -> Bool {
    a.items == b.items && a.isComplement == b.isComplement
  }

  private static func contains(_ scalar: Unicode.Scalar, _ items: [Item]) -> Bool {
    items.contains { item in
      switch item {
      case .range(let range): range.contains(scalar.value)
      case .categories(let mask): mask & categoryBit(scalar.properties.generalCategory) != 0
      case .space: scalar.properties.isWhitespace
      case .word: isWord(scalar)
      case .complement(let items): !contains(scalar, items)
      }
    }
  }

  private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isAlphabetic || scalar.properties.isJoinControl
      || categoryBit(scalar.properties.generalCategory) & wordCategories != 0
  }
}

extension ScalarSet {
  /// Two-letter names of the general categories (UAX #44), in the order of their bits.
  private static let generalCategories: [(name: String, category: Unicode.GeneralCategory)] = [
    ("Lu", .uppercaseLetter), ("Ll", .lowercaseLetter), ("Lt", .titlecaseLetter),
    ("Lm", .modifierLetter), ("Lo", .otherLetter), ("Mn", .nonspacingMark),
    ("Mc", .spacingMark), ("Me", .enclosingMark), ("Nd", .decimalNumber),
    ("Nl", .letterNumber), ("No", .otherNumber), ("Pc", .connectorPunctuation),
    ("Pd", .dashPunctuation), ("Ps", .openPunctuation), ("Pe", .closePunctuation),
    ("Pi", .initialPunctuation), ("Pf", .finalPunctuation), ("Po", .otherPunctuation),
    ("Sm", .mathSymbol), ("Sc", .currencySymbol), ("Sk", .modifierSymbol),
    ("So", .otherSymbol), ("Zs", .spaceSeparator), ("Zl", .lineSeparator),
    ("Zp", .paragraphSeparator), ("Cc", .control), ("Cf", .format), ("Cs", .surrogate),
    ("Co", .privateUse), ("Cn", .unassigned),
  ]

  private static let wordCategories = ["M", "Nd", "Pc"].reduce(0) { $0 | (categories($1) ?? 0) }

  /// The bits of a category (`Lu`) or of a group of them (`L`), or nil for another name.
  static func categories(_ name: String) -> UInt32? {
    var mask: UInt32 = 0
    for (bit, entry) in generalCategories.enumerated()
    where entry.name == name || name.utf8.count == 1 && entry.name.hasPrefix(name) {
      mask |= 1 << UInt32(bit)
    }
    return mask == 0 ? nil : mask
  }

  private static func categoryBit(_ category: Unicode.GeneralCategory) -> UInt32 {
    switch category {
    case .uppercaseLetter: 1 << 0
    case .lowercaseLetter: 1 << 1
    case .titlecaseLetter: 1 << 2
    case .modifierLetter: 1 << 3
    case .otherLetter: 1 << 4
    case .nonspacingMark: 1 << 5
    case .spacingMark: 1 << 6
    case .enclosingMark: 1 << 7
    case .decimalNumber: 1 << 8
    case .letterNumber: 1 << 9
    case .otherNumber: 1 << 10
    case .connectorPunctuation: 1 << 11
    case .dashPunctuation: 1 << 12
    case .openPunctuation: 1 << 13
    case .closePunctuation: 1 << 14
    case .initialPunctuation: 1 << 15
    case .finalPunctuation: 1 << 16
    case .otherPunctuation: 1 << 17
    case .mathSymbol: 1 << 18
    case .currencySymbol: 1 << 19
    case .modifierSymbol: 1 << 20
    case .otherSymbol: 1 << 21
    case .spaceSeparator: 1 << 22
    case .lineSeparator: 1 << 23
    case .paragraphSeparator: 1 << 24
    case .control: 1 << 25
    case .format: 1 << 26
    case .surrogate: 1 << 27
    case .privateUse: 1 << 28
    case .unassigned: 1 << 29
    @unknown default: 1 << 29
    }
  }
}
