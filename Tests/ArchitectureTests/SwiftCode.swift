// SPDX-License-Identifier: Apache-2.0

/// Reads Swift just far enough to tell code from comments and string literals.
struct SwiftCode {
  private static let special: Set<UInt8> = Set("/\"#()".utf8)
  private static let newline = UInt8(ascii: "\n")
  private let characters: [UInt8]
  private var position = 0
  private var result: [UInt8] = []

  private init(_ text: String) { characters = Array(text.utf8) }

  /// Gives the code alone, line by line.
  ///
  /// Comments become nothing, literals an empty one; what is interpolated stays code.
  static func stripped(_ text: String) -> String {
    var reader = SwiftCode(text)
    reader.readCode(untilParenthesis: false)
    return String(decoding: reader.result, as: UTF8.self)
  }

  private func starts(with text: String) -> Bool {
    characters[position...].starts(with: text.utf8)
  }

  private mutating func readCode(untilParenthesis: Bool) {
    var depth = 0
    while position < characters.count {
      if !Self.special.contains(characters[position]) {
        result.append(characters[position])
        position += 1
      } else if starts(with: "//") {
        while position < characters.count, characters[position] != Self.newline { position += 1 }
      } else if starts(with: "/*") {
        skipComment()
      } else if starts(with: "\"") || starts(with: "#\"") || starts(with: "##\"") {
        readLiteral()
      } else {
        let character = characters[position]
        if character == UInt8(ascii: "(") { depth += 1 }
        if character == UInt8(ascii: ")") {
          depth -= 1
          if untilParenthesis, depth < 0 { return }
        }
        result.append(character)
        position += 1
      }
    }
  }

  private mutating func skipComment() {
    var depth = 0
    repeat {
      if starts(with: "/*") {
        depth += 1
        position += 2
      } else if starts(with: "*/") {
        depth -= 1
        position += 2
      } else {
        if characters[position] == Self.newline { result.append(Self.newline) }
        position += 1
      }
    } while depth > 0 && position < characters.count
  }

  private mutating func readLiteral() {
    let hashes = starts(with: "##") ? "##" : starts(with: "#") ? "#" : ""
    position += hashes.utf8.count
    let quote = starts(with: "\"\"\"") ? "\"\"\"" : "\""
    position += quote.count
    result.append(UInt8(ascii: "\""))
    while position < characters.count, !starts(with: quote + hashes) {
      if starts(with: "\\" + hashes + "(") {
        position += 2 + hashes.count
        result.append(UInt8(ascii: " "))
        readCode(untilParenthesis: true)
        result.append(UInt8(ascii: " "))
        position += 1
      } else if starts(with: "\\" + hashes) {
        position += 2 + hashes.count
      } else {
        if characters[position] == Self.newline { result.append(Self.newline) }
        position += 1
      }
    }
    position += quote.count + hashes.count
    result.append(UInt8(ascii: "\""))
  }
}
