// SPDX-License-Identifier: Apache-2.0

/// Turns the text of a formula into a tree, by precedence climbing.
struct ExpressionParser {
  private let text: String
  private var tokens: [String] = []
  private var position = 0
  private var depth = 0
  private var operators = 0

  /// What cannot be a name.
  private static let reserved: Set<String> = ["and", "or", "not"]

  /// Binary operators from the loosest to the tightest.
  private static let levels: [[String]] = [
    ["or"], ["and"], ["==", "!=", "<", "<=", ">", ">="], ["+", "-"], ["*", "/", "%"],
  ]

  init(_ text: String) throws(Expression.Failure) {
    self.text = text
    guard text.utf8.count <= Expression.maximumLength else {
      throw Expression.Failure(
        formula: String(text.prefix(40)) + "…",
        reason: "longer than \(Expression.maximumLength) bytes")
    }
    tokens = try tokenize()
  }

  mutating func parse() throws(Expression.Failure) -> Expression.Node {
    let node = try choice()
    guard position == tokens.count else { throw unexpected }
    return node
  }

  private var unexpected: Expression.Failure {
    let found = position < tokens.count ? "'\(tokens[position])'" : "the end"
    return Expression.Failure(formula: text, reason: "\(found) was not expected")
  }

  private func tokenize() throws(Expression.Failure) -> [String] {
    var tokens: [String] = []
    let characters = Array(text)
    var i = 0
    while i < characters.count {
      let start = i
      let first = characters[i]
      if first == " " {
        i += 1
        continue
      } else if first.isLetter || first == "_" {
        while i < characters.count,
          characters[i].isLetter || characters[i].isNumber
            || characters[i] == "_"
        { i += 1 }
      } else if first.isNumber {
        while i < characters.count, characters[i].isNumber || characters[i] == "." { i += 1 }
        if i < characters.count, characters[i] == "e" {
          i += 1
          if i < characters.count, characters[i] == "-" { i += 1 }
          while i < characters.count, characters[i].isNumber { i += 1 }
        }
      } else if first == "'" {
        i += 1
        while i < characters.count, characters[i] != "'" { i += 1 }
        guard i < characters.count else {
          throw Expression.Failure(formula: text, reason: "a quote is not closed")
        }
        i += 1
      } else {
        i += 1
        if i < characters.count,
          ["**", "==", "!=", "<=", ">="].contains(String(characters[start...i]))
        {
          i += 1
        }
      }
      tokens.append(String(characters[start..<i]))
    }
    return tokens
  }

  private var next: String? { position < tokens.count ? tokens[position] : nil }

  private mutating func accept(_ token: String) -> Bool {
    guard next == token else { return false }
    position += 1
    return true
  }

  /// Counts one level of nesting, which a recursion takes.
  private mutating func enter() throws(Expression.Failure) {
    depth += 1
    guard depth <= Expression.maximumDepth else {
      throw Expression.Failure(
        formula: text, reason: "nested deeper than \(Expression.maximumDepth) levels")
    }
  }

  private mutating func choice() throws(Expression.Failure) -> Expression.Node {
    try enter()
    defer { depth -= 1 }
    let condition = try binary(level: 0)
    guard accept("?") else { return condition }
    let first = try choice()
    guard accept(":") else { throw unexpected }
    return .choice(condition, first, try choice())
  }

  private mutating func binary(level: Int) throws(Expression.Failure) -> Expression.Node {
    guard level < Self.levels.count else { return try power() }
    if level == 2, accept("not") {
      try enter()
      defer { depth -= 1 }
      return .unary("not", try binary(level: 2))
    }
    var node = try binary(level: level + 1)
    while let symbol = next, Self.levels[level].contains(symbol) {
      position += 1
      operators += 1
      guard operators <= Expression.maximumOperators else {
        throw Expression.Failure(
          formula: text, reason: "more than \(Expression.maximumOperators) operators")
      }
      node = .binary(symbol, node, try binary(level: level + 1))
    }
    return node
  }

  private mutating func power() throws(Expression.Failure) -> Expression.Node {
    try enter()
    defer { depth -= 1 }
    if accept("-") { return .unary("-", try power()) }
    let base = try atom()
    return accept("**") ? .binary("**", base, try power()) : base
  }

  private mutating func atom() throws(Expression.Failure) -> Expression.Node {
    guard let token = next, let first = token.first else { throw unexpected }
    position += 1
    if token == "(" {
      let node = try choice()
      guard accept(")") else { throw unexpected }
      return node
    }
    if first == "'" { return .value(.text(String(token.dropFirst().dropLast()))) }
    if first.isNumber, let number = Double(token), number.isFinite {
      return .value(.number(number))
    }
    if token == "true" || token == "false" { return .value(.bool(token == "true")) }
    guard first.isLetter || first == "_", !Self.reserved.contains(token) else {
      position -= 1
      throw unexpected
    }
    guard accept("(") else { return .name(token) }
    var arguments: [Expression.Node] = []
    if !accept(")") {
      repeat { arguments.append(try choice()) } while accept(",")
      guard accept(")") else { throw unexpected }
    }
    return .call(token, arguments)
  }
}
