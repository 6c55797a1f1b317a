// SPDX-License-Identifier: Apache-2.0

/// Builds an expression from the tokens of a tag, by precedence climbing.
struct TemplateExpressionParser {
  let tokens: [TemplateToken]
  let line: Int
  /// The first word of a block, once read.
  var keyword = ""
  private var position = 0
  private var depth = 0

  init(tokens: [TemplateToken], line: Int) {
    self.tokens = tokens
    self.line = line
  }

  var isAtEnd: Bool { position == tokens.count }
  private var next: TemplateToken? { position < tokens.count ? tokens[position] : nil }

  func error(_ reason: String) -> TokenizerError { .template(line: line, reason: reason) }

  func expectEnd() throws(TokenizerError) {
    guard isAtEnd else { throw error("expected the end of the tag, found \(shown)") }
  }

  private var shown: String {
    switch next {
    case nil: "its end"
    case .name(let text), .symbol(let text): "'\(text)'"
    case .string(let text): "the string '\(text)'"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    }
  }

  mutating func takeName(_ name: String) -> Bool { take(.name(name)) }
  mutating func takeSymbol(_ symbol: String) -> Bool { take(.symbol(symbol)) }

  private mutating func take(_ token: TemplateToken) -> Bool {
    guard next == token else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ symbol: String) throws(TokenizerError) {
    guard takeSymbol(symbol) else { throw error("expected '\(symbol)', found \(shown)") }
  }

  mutating func name() throws(TokenizerError) -> String {
    guard case .name(let name) = next else { throw error("expected a name, found \(shown)") }
    position += 1
    return name
  }

  /// Names separated by commas, with or without parentheses.
  mutating func names() throws(TokenizerError) -> [String] {
    let hasParenthesis = takeSymbol("(")
    var names = [try name()]
    while takeSymbol(",") { names.append(try name()) }
    if hasParenthesis { try expect(")") }
    return names
  }

  mutating func whole() throws(TokenizerError) -> TemplateExpression {
    let expression = try expression(allowsTuple: true)
    try expectEnd()
    return expression
  }

  private func make(
    _ kind: TemplateExpression.Kind, _ parts: [TemplateExpression] = []
  ) throws(TokenizerError) -> TemplateExpression {
    let depth = 1 + (parts.lazy.map(\.depth).max() ?? 0)
    guard depth <= TemplateExpression.maximumDepth else {
      throw error("nested deeper than \(TemplateExpression.maximumDepth) operations")
    }
    return TemplateExpression(kind: kind, depth: depth, line: line)
  }

  mutating func expression(
    allowsTuple: Bool = false, allowsConditional: Bool = true
  ) throws(TokenizerError) -> TemplateExpression {
    depth += 1
    defer { depth -= 1 }
    guard depth <= TemplateExpression.maximumDepth else {
      throw error("nested deeper than \(TemplateExpression.maximumDepth) operations")
    }
    var first = try binary(0)
    while allowsConditional, takeName("if") {
      let condition = try binary(0)
      let otherwise = takeName("else") ? try expression() : nil
      first = try make(
        .conditional(condition, then: first, otherwise: otherwise),
        [first, condition] + (otherwise.map { [$0] } ?? []))
    }
    guard allowsTuple, next == .symbol(",") else { return first }
    var elements = [first]
    while takeSymbol(","), !isAtEnd, next != .symbol(")") { elements.append(try expression()) }
    return try make(.list(elements), elements)
  }

  /// Operators from loosest to tightest; 2 is `not`, 3 the comparisons, both handled apart.
  private static let levels: [[String]] = [
    ["or"], ["and"], [], [], ["+", "-"], ["~"], ["*", "/", "//", "%"], ["**"],
  ]

  private mutating func binary(_ level: Int) throws(TokenizerError) -> TemplateExpression {
    if level == 2 { return try negation() }
    if level == 3 { return try comparison() }
    guard level < Self.levels.count else { return try unary() }
    var left = try binary(level + 1)
    while let symbol = takeOperator(Self.levels[level]) {
      let right = try binary(level + 1)
      let kind: TemplateExpression.Kind =
        switch symbol {
        case "or": .either(left, right)
        case "and": .both(left, right)
        default: .binary(symbol, left, right)
        }
      left = try make(kind, [left, right])
    }
    return left
  }

  private mutating func takeOperator(_ symbols: [String]) -> String? {
    switch next {
    case .symbol(let text) where symbols.contains(text),
      .name(let text) where symbols.contains(text):
      position += 1
      return text
    default: return nil
    }
  }

  private mutating func negation() throws(TokenizerError) -> TemplateExpression {
    var count = 0
    while takeName("not") { count += 1 }
    var expression = try comparison()
    for _ in 0..<count { expression = try make(.not(expression), [expression]) }
    return expression
  }

  private mutating func comparison() throws(TokenizerError) -> TemplateExpression {
    let first = try binary(4)
    var others: [(relation: String, TemplateExpression)] = []
    while let relation = takeRelation() { others.append((relation, try binary(4))) }
    return others.isEmpty ? first : try make(.comparison(first, others), [first] + others.map(\.1))
  }

  private mutating func takeRelation() -> String? {
    if let symbol = takeOperator(["==", "!=", "<", "<=", ">", ">=", "in"]) { return symbol }
    guard next == .name("not"), position + 1 < tokens.count, tokens[position + 1] == .name("in")
    else { return nil }
    position += 2
    return "not in"
  }

  private mutating func unary() throws(TokenizerError) -> TemplateExpression {
    var isNegative = false
    var hasSign = false
    while let sign = takeOperator(["-", "+"]) {
      hasSign = true
      if sign == "-" { isNegative.toggle() }
    }
    var expression = try postfix(try primary())
    if hasSign, isNegative { expression = try make(.negative(expression), [expression]) }
    return try filtered(expression)
  }

  private mutating func primary() throws(TokenizerError) -> TemplateExpression {
    guard let token = next else { throw error("expected an expression, found the end of the tag") }
    position += 1
    switch token {
    case .string(var text):
      while case .string(let more) = next {
        text += more
        position += 1
      }
      return try make(.literal(.string(text)))
    case .integer(let value): return try make(.literal(.integer(value)))
    case .number(let value): return try make(.literal(.number(value)))
    case .name(let name):
      switch name {
      case "true", "True": return try make(.literal(.bool(true)))
      case "false", "False": return try make(.literal(.bool(false)))
      case "none", "None": return try make(.literal(.none))
      default: return try make(.name(name))
      }
    case .symbol("("):
      if takeSymbol(")") { return try make(.list([])) }
      let inner = try expression(allowsTuple: true)
      try expect(")")
      return inner
    case .symbol("["): return try list()
    case .symbol("{"): return try mapping()
    case .symbol:
      position -= 1
      throw error("expected an expression, found \(shown)")
    }
  }

  private mutating func list() throws(TokenizerError) -> TemplateExpression {
    var elements: [TemplateExpression] = []
    while !takeSymbol("]") {
      if !elements.isEmpty {
        try expect(",")
        if takeSymbol("]") { break }
      }
      elements.append(try expression())
    }
    return try make(.list(elements), elements)
  }

  private mutating func mapping() throws(TokenizerError) -> TemplateExpression {
    var entries: [(key: TemplateExpression, value: TemplateExpression)] = []
    while !takeSymbol("}") {
      if !entries.isEmpty {
        try expect(",")
        if takeSymbol("}") { break }
      }
      let key = try expression()
      try expect(":")
      entries.append((key, try expression()))
    }
    return try make(.mapping(entries), entries.flatMap { [$0.key, $0.value] })
  }

  /// Attributes, elements and calls after an expression.
  private mutating func postfix(
    _ start: TemplateExpression
  ) throws(TokenizerError) -> TemplateExpression {
    var expression = start
    while true {
      if takeSymbol(".") {
        if case .integer(let index) = next {
          position += 1
          let place = try make(.literal(.integer(index)))
          expression = try make(.element(expression, place), [expression])
        } else {
          expression = try make(.attribute(expression, try name()), [expression])
        }
      } else if takeSymbol("[") {
        expression = try element(of: expression)
      } else if takeSymbol("(") {
        let arguments = try arguments()
        expression = try make(
          .call(expression, arguments), [expression] + arguments.map(\.value))
      } else {
        return expression
      }
    }
  }

  private mutating func element(
    of object: TemplateExpression
  ) throws(TokenizerError) -> TemplateExpression {
    var parts: [TemplateExpression?] = []
    var part: TemplateExpression?
    while !takeSymbol("]") {
      if takeSymbol(":") {
        parts.append(part)
        part = nil
      } else {
        guard part == nil else { throw error("expected ']', found \(shown)") }
        part = try expression(allowsTuple: false)
      }
    }
    if parts.isEmpty {
      guard let part else { throw error("expected an index") }
      return try make(.element(object, part), [object, part])
    }
    parts.append(part)
    guard parts.count <= 3 else { throw error("expected at most two ':' in a slice") }
    return try make(.slice(object, parts), [object] + parts.compactMap(\.self))
  }

  /// Arguments up to the closing parenthesis.
  private mutating func arguments() throws(TokenizerError) -> [TemplateExpression.Argument] {
    var arguments: [TemplateExpression.Argument] = []
    while !takeSymbol(")") {
      if !arguments.isEmpty {
        try expect(",")
        if takeSymbol(")") { break }
      }
      var label: String?
      if case .name(let name) = next, position + 1 < tokens.count,
        tokens[position + 1] == .symbol("=")
      {
        label = name
        position += 2
      }
      arguments.append((label, try expression()))
    }
    return arguments
  }

  /// Filters and tests after an expression.
  private mutating func filtered(
    _ start: TemplateExpression
  ) throws(TokenizerError) -> TemplateExpression {
    var expression = start
    while true {
      if takeSymbol("|") {
        let name = try name()
        let arguments = takeSymbol("(") ? try arguments() : []
        expression = try make(
          .filter(expression, name, arguments), [expression] + arguments.map(\.value))
        expression = try postfix(expression)
      } else if takeName("is") {
        let isNegated = takeName("not")
        let name = try name()
        let arguments = try testArguments()
        expression = try make(
          .test(expression, name, arguments, isNegated: isNegated),
          [expression] + arguments.map(\.value))
      } else {
        return expression
      }
    }
  }

  /// A test's arguments: in parentheses, or one plain value after its name.
  private mutating func testArguments() throws(TokenizerError) -> [TemplateExpression.Argument] {
    if takeSymbol("(") { return try arguments() }
    switch next {
    case .name(let name) where ["else", "or", "and", "if", "is", "in", "not"].contains(name):
      return []
    case .name, .string, .integer, .number, .symbol("["), .symbol("{"):
      return [(nil, try postfix(try primary()))]
    default: return []
    }
  }
}
