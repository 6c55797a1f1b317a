// SPDX-License-Identifier: Apache-2.0

extension TemplateEvaluator {
  /// Compares by code points; Swift's `==` would compare by canonical equivalence.
  static func equal(_ a: String, _ b: String) -> Bool { a.utf8.elementsEqual(b.utf8) }

  /// The value of `left symbol right`.
  mutating func combine(
    _ symbol: String, _ left: TemplateValue, _ right: TemplateValue
  ) throws(TokenizerError) -> TemplateValue {
    switch (symbol, left, right) {
    case ("~", _, _): return try made(try text(of: left) + text(of: right))
    case ("+", .string(let a), .string(let b)): return try made(a + b)
    case ("+", .list(let a), .list(let b)): return try made(a.elements + b.elements)
    case ("*", .string(let text), .integer(let count)),
      ("*", .integer(let count), .string(let text)):
      let (length, overflows) = text.utf8.count.multipliedReportingOverflow(by: max(count, 0))
      guard !overflows, length <= Self.maximumLength else {
        throw error("a string repeated \(count) times")
      }
      return try made(length == 0 ? "" : String(repeating: text, count: count))
    default: break
    }
    if case .undefined(let what) = left { throw error("\(what) is undefined") }
    if case .undefined(let what) = right { throw error("\(what) is undefined") }
    if let a = left.int, let b = right.int, symbol != "/" {
      return .integer(try combine(symbol, a, b))
    }
    guard let a = left.double, let b = right.double else {
      throw error("'\(symbol)' does not apply to \(left.typeName) and \(right.typeName)")
    }
    switch symbol {
    case "+": return .number(a + b)
    case "-": return .number(a - b)
    case "*": return .number(a * b)
    case "/" where b != 0: return .number(a / b)
    case "//" where b != 0: return .number((a / b).rounded(.down))
    case "%" where b != 0: return .number(a - b * (a / b).rounded(.down))
    default: throw error("'\(symbol)' does not apply to \(a) and \(b)")
    }
  }

  private func combine(_ symbol: String, _ a: Int, _ b: Int) throws(TokenizerError) -> Int {
    let (value, overflows): (Int, Bool)
    switch symbol {
    case "+": (value, overflows) = a.addingReportingOverflow(b)
    case "-": (value, overflows) = a.subtractingReportingOverflow(b)
    case "*": (value, overflows) = a.multipliedReportingOverflow(by: b)
    case "//", "%":
      let (quotient, isBad) = a.dividedReportingOverflow(by: b)
      guard !isBad else { throw error("a division of \(a) by \(b)") }
      let remainder = a - quotient * b
      // Python rounds down, Swift towards zero.
      let isBelow = remainder != 0 && (remainder < 0) != (b < 0)
      return symbol == "//" ? quotient - (isBelow ? 1 : 0) : remainder + (isBelow ? b : 0)
    case "**" where b >= 0 && b < 64:
      var power = 1
      for _ in 0..<b {
        let (next, isBad) = power.multipliedReportingOverflow(by: a)
        guard !isBad else { throw error("\(a) to the power of \(b) is too large") }
        power = next
      }
      return power
    default: throw error("'\(symbol)' does not apply to \(a) and \(b)")
    }
    guard !overflows else { throw error("\(a) \(symbol) \(b) is too large") }
    return value
  }

  mutating func compare(
    _ first: TemplateExpression, _ others: [(relation: String, TemplateExpression)]
  ) throws(TokenizerError) -> TemplateValue {
    var left = try evaluate(first)
    for (relation, expression) in others {
      let right = try evaluate(expression)
      guard try holds(relation, left, right) else { return .bool(false) }
      left = right
    }
    return .bool(true)
  }

  mutating func holds(
    _ relation: String, _ left: TemplateValue, _ right: TemplateValue
  ) throws(TokenizerError) -> Bool {
    switch relation {
    case "==": return try equal(left, right)
    case "!=": return try !equal(left, right)
    case "in": return try contains(right, left)
    case "not in": return try !contains(right, left)
    default: break
    }
    let isLess: Bool
    let isEqual: Bool
    if let a = left.double, let b = right.double {
      (isLess, isEqual) = (a < b, a == b)
    } else if let a = left.string, let b = right.string {
      isLess = a.unicodeScalars.lexicographicallyPrecedes(b.unicodeScalars)
      isEqual = Self.equal(a, b)
    } else {
      throw error(
        "'\(relation)' does not apply to \(left.typeName) and \(right.typeName)")
    }
    return switch relation {
    case "<": isLess
    case "<=": isLess || isEqual
    case ">": !isLess && !isEqual
    default: !isLess
    }
  }

  mutating func equal(
    _ left: TemplateValue, _ right: TemplateValue
  ) throws(TokenizerError) -> Bool {
    try spend()
    switch (left, right) {
    case (.none, .none), (.undefined, .undefined): return true
    case (.string(let a), .string(let b)): return Self.equal(a, b)
    case (.list(let a), .list(let b)):
      guard a.elements.count == b.elements.count else { return false }
      for (x, y) in zip(a.elements, b.elements) where try !equal(x, y) { return false }
      return true
    case (.mapping(let a), .mapping(let b)):
      guard a.entries.count == b.entries.count else { return false }
      for (key, value) in a.entries {
        guard let other = b[key], try equal(value, other) else { return false }
      }
      return true
    case (.namespace(let a), .namespace(let b)): return a == b
    default:
      guard let a = left.double, let b = right.double else { return false }
      return a == b
    }
  }

  private mutating func contains(
    _ container: TemplateValue, _ value: TemplateValue
  ) throws(TokenizerError) -> Bool {
    switch container {
    case .string(let text):
      guard let part = value.string else {
        throw error("'in' a string does not apply to \(value.typeName)")
      }
      try spend(text.utf8.count / 16)
      return Self.find(Array(part.utf8), in: Array(text.utf8)[...]) != nil
    case .list(let list):
      for element in list.elements where try equal(element, value) { return true }
      return false
    case .mapping(let mapping): return value.string.map { mapping[$0] != nil } ?? false
    case .undefined: return false
    default: throw error("'in' does not apply to \(container.typeName)")
    }
  }

  /// The first place of bytes in others.
  static func find(_ part: [UInt8], in text: ArraySlice<UInt8>) -> Int? {
    guard !part.isEmpty else { return text.startIndex }
    guard part.count <= text.count else { return nil }
    return (text.startIndex...text.endIndex - part.count).first { start in
      text[start] == part[0] && text[start..<start + part.count].elementsEqual(part)
    }
  }

  /// What a loop goes through.
  mutating func elements(of value: TemplateValue) throws(TokenizerError) -> [TemplateValue] {
    switch value {
    case .list(let list): return list.elements
    case .mapping(let mapping): return mapping.entries.map { .string($0.key) }
    case .string(let text):
      try spend(text.utf8.count)
      return text.unicodeScalars.map { .string(String($0)) }
    case .undefined: return []
    default: throw error("\(value.typeName) has no elements to go through")
    }
  }
}
