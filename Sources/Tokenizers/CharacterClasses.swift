// SPDX-License-Identifier: Apache-2.0

extension Unicode.Scalar {
  /// Whether its general category is that of a letter: `L`.
  var isLetter: Bool {
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: false
    }
  }

  /// Whether it belongs to a word, `\w` of UTS #18: letters, marks, decimal digits and connectors.
  var isPartOfWord: Bool {
    if properties.isAlphabetic || properties.isJoinControl { return true }
    return switch properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: true
    default: false
    }
  }
}
