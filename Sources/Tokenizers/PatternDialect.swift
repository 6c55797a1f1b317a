// SPDX-License-Identifier: Apache-2.0

/// Turns a regular expression in Oniguruma's dialect into PCRE2's.
///
/// Most of the two is the same; what differs is rewritten, and what could differ in ways that no
/// tokenizer is known to use is refused by name.
///
/// Source: Oniguruma's `RE`, PCRE2's `pcre2pattern(3)`.
struct PatternDialect {
  /// What a pattern has that is not supported.
  struct Refusal: Error {
    let feature: String
  }

  private let scalars: [Unicode.Scalar]
  private var position = 0
  private var result = ""

  init(_ expression: String) { scalars = Array(expression.unicodeScalars) }

  private var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

  mutating func translated() throws(Refusal) -> String {
    while let scalar = take() {
      switch scalar {
      case "\\": try escape(inClass: false)
      case "[": try characterClass()
      case "(": try group()
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  private mutating func take() -> Unicode.Scalar? {
    guard let scalar = next else { return nil }
    position += 1
    return scalar
  }

  private mutating func characterClass() throws(Refusal) {
    result += "["
    if next == "^" { result.unicodeScalars.append(take() ?? "^") }
    if next == "]" { throw Refusal(feature: "an empty class") }
    while let scalar = take() {
      switch scalar {
      case "\\": try escape(inClass: true)
      case "[": throw Refusal(feature: "a class inside a class")
      case "&" where next == "&": throw Refusal(feature: "a class inside a class")
      default:
        result.unicodeScalars.append(scalar)
        if scalar == "]" { return }
      }
    }
    throw Refusal(feature: "a missing ']'")
  }

  /// Groups that mean the same in both: `(`, `(?:`, `(?=`, `(?!`, `(?<=`, `(?<!`, `(?>`, `(?i:`.
  private mutating func group() throws(Refusal) {
    result += "("
    if next == "*" { throw Refusal(feature: "a group '(*'") }
    guard next == "?" else { return }
    let rest = String(String.UnicodeScalarView(scalars[position...].prefix(4)))
    let known = ["?:", "?=", "?!", "?<=", "?<!", "?>", "?i:", "?-i:", "?i)"]
    guard let opening = known.first(where: rest.hasPrefix) else {
      throw Refusal(feature: "a group '(\(rest)'")
    }
    result += opening
    position += opening.unicodeScalars.count
  }

  /// What Oniguruma takes for a character of a word, alone and in a class.
  private static let word = #"\p{L}\p{M}\p{N}\p{Pc}"#
  private static let wordInClass = #"\p{Alphabetic}\p{M}\p{Nd}\p{Pc}"#

  private mutating func escape(inClass: Bool) throws(Refusal) {
    guard let scalar = take() else { throw Refusal(feature: "a lone '\\'") }
    switch scalar {
    case "s": result += #"\p{White_Space}"#
    case "S": result += #"\P{White_Space}"#
    case "w": result += inClass ? Self.wordInClass : "[\(Self.word)]"
    case "W" where !inClass: result += "[^\(Self.word)]"
    case "v": result += #"\x{B}"#
    case "p", "P": try property(scalar)
    case "u": try code(digits: 4)
    case "x": try code(digits: 2)
    case "n", "r", "t", "f", "d", "D", "A", "z", "Z", "b", "B", "1"..."9":
      result += "\\\(scalar)"
    default:
      guard !scalar.properties.isAlphabetic, !("0"..."9").contains(scalar) else {
        throw Refusal(feature: "the escape '\\\(scalar)'")
      }
      result += "\\\(scalar)"
    }
  }

  private static let properties = [
    "Any", "Alphabetic", "Uppercase", "Lowercase", "White_Space", "Join_Control",
  ]

  /// A general category and a few properties are written as they are; any other name is that of a
  /// script.
  private mutating func property(_ letter: Unicode.Scalar) throws(Refusal) {
    guard take() == "{", let end = scalars[position...].firstIndex(of: "}") else {
      throw Refusal(feature: "a character property without braces")
    }
    let name = String(String.UnicodeScalarView(scalars[position..<end]))
    position = end + 1
    let isNegated = name.hasPrefix("^")
    let bare = String(name.drop { $0 == "^" })
    guard !bare.isEmpty, bare.unicodeScalars.allSatisfy({ $0.properties.isAlphabetic || $0 == "_" })
    else { throw Refusal(feature: "the character property '\(name)'") }
    // PCRE2 takes a script's bare name for its extensions, too.
    let isScript = bare.unicodeScalars.count > 2 && !Self.properties.contains(bare)
    let full = isScript ? "sc:" + bare : bare
    result += "\\\(letter){\(isNegated ? "^" : "")\(full)}"
  }

  private mutating func code(digits: Int) throws(Refusal) {
    var text = ""
    if next == "{" {
      position += 1
      while let scalar = take(), scalar != "}" { text.unicodeScalars.append(scalar) }
    } else {
      for _ in 0..<digits { text.unicodeScalars.append(take() ?? " ") }
    }
    guard let value = UInt32(text, radix: 16), Unicode.Scalar(value) != nil else {
      throw Refusal(feature: "the character code '\(text)'")
    }
    result += "\\x{\(String(value, radix: 16))}"
  }
}
