// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A formula of a declaration or a recipe, such as `headCount * headDimension` or
/// `layer < layerCount / 8 or layer >= 7 * layerCount / 8`.
///
/// Numbers, strings in single quotes, names, `+ - * / % **`, comparisons, `and or not`,
/// `condition ? a : b`, and the functions `floor ceil round sqrt log min max largest`. There are
/// no loops and no assignments: evaluation takes one step a node of the text, which are bounded.
/// Grammar: `Formats/Architectures/README.md`.
package struct Expression: Sendable, CustomStringConvertible {
  /// A number, a truth value or a text; what a formula computes with.
  package enum Value: Sendable, Hashable, CustomStringConvertible {
    case number(Double)
    case bool(Bool)
    case text(String)

    /// The value as a formula would spell it.
    package var description: String {
      switch self {
      case .number(let number): Int(exactly: number).map(String.init) ?? String(number)
      case .bool(let bool): String(bool)
      case .text(let text): "'\(text)'"
      }
    }
  }

  /// What is wrong with a formula, or with a value that it met.
  package struct Failure: Error, CustomStringConvertible, Sendable {
    package let formula: String
    package let reason: String

    package init(formula: String, reason: String) {
      self.formula = formula
      self.reason = reason
    }

    package var description: String { "in the formula '\(formula)': \(reason)" }
  }

  /// The longest formula that is read, in bytes.
  package static let maximumLength = 1_000

  /// How deep operands may lie in each other; a pair of parentheses takes two levels.
  package static let maximumDepth = 64

  /// Operators of one formula; with the depth they bound the stack that an evaluation takes.
  package static let maximumOperators = 100

  package let description: String
  private let root: Node

  indirect enum Node: Sendable {
    case value(Value)
    case name(String)
    case unary(String, Node)
    case binary(String, Node, Node)
    case choice(Node, Node, Node)
    case call(String, [Node])
  }

  /// Reads a formula.
  ///
  /// - Throws: ``Failure`` that says which token was not expected.
  package init(_ text: String) throws(Failure) {
    var parser = try ExpressionParser(text)
    root = try parser.parse()
    description = text
  }

  /// The names that the formula uses, in order of appearance.
  package var names: [String] { Expression.names(in: root) }

  private static func names(in node: Node) -> [String] {
    switch node {
    case .value: []
    case .name(let name): [name]
    case .unary(_, let operand): names(in: operand)
    case .binary(_, let left, let right): names(in: left) + names(in: right)
    case .choice(let condition, let first, let second):
      names(in: condition) + names(in: first) + names(in: second)
    case .call(_, let arguments): arguments.flatMap { names(in: $0) }
    }
  }

  /// Computes the formula with the given names.
  ///
  /// - Throws: ``Failure`` for an unknown name, operands of the wrong kind, a division by zero, or
  ///   a result that is no finite number.
  package func value(_ names: [String: Value]) throws(Failure) -> Value {
    try evaluate(root, names)
  }

  /// Computes a formula that must give a whole number, such as a dimension.
  package func integer(_ names: [String: Value]) throws(Failure) -> Int {
    let value = try value(names)
    guard case .number(let number) = value, let integer = Int(exactly: number) else {
      throw failure("expected a whole number, found \(value)")
    }
    return integer
  }

  /// Computes a formula that must give a truth value.
  package func bool(_ names: [String: Value]) throws(Failure) -> Bool {
    try truth(of: root, names)
  }

  /// Computes a formula that must give a number.
  package func number(_ names: [String: Value]) throws(Failure) -> Double {
    try number(of: root, names)
  }

  private func failure(_ reason: String) -> Failure {
    Failure(formula: description, reason: reason)
  }

  private func evaluate(_ node: Node, _ names: [String: Value]) throws(Failure) -> Value {
    switch node {
    case .value(let value): return value
    case .name(let name):
      guard let value = names[name] else { throw failure("'\(name)' is not known here") }
      return value
    case .unary("not", let operand): return .bool(try !truth(of: operand, names))
    case .unary(_, let operand): return .number(-(try number(of: operand, names)))
    case .binary("and", let left, let right):
      guard try truth(of: left, names) else { return .bool(false) }
      return .bool(try truth(of: right, names))
    case .binary("or", let left, let right):
      if try truth(of: left, names) { return .bool(true) }
      return .bool(try truth(of: right, names))
    case .binary("==", let left, let right):
      return .bool(try evaluate(left, names) == evaluate(right, names))
    case .binary("!=", let left, let right):
      return .bool(try evaluate(left, names) != evaluate(right, names))
    case .binary(let symbol, let left, let right):
      return try arithmetic(symbol, number(of: left, names), number(of: right, names))
    case .choice(let condition, let first, let second):
      return try evaluate(truth(of: condition, names) ? first : second, names)
    case .call("largest", let arguments) where arguments.count == 1:
      return .number(try largest(try evaluate(arguments[0], names)))
    case .call(let function, let arguments):
      var numbers: [Double] = []
      for argument in arguments { numbers.append(try number(of: argument, names)) }
      return .number(try call(function, numbers))
    }
  }

  /// The largest of the numbers of a list, as a text with spaces between them.
  private func largest(_ list: Value) throws(Failure) -> Double {
    guard case .text(let text) = list else { throw failure("expected a list, found \(list)") }
    let parts = text.split(separator: " ")
    let numbers = parts.compactMap { Double($0) }
    guard numbers.count == parts.count, let largest = numbers.max() else {
      throw failure("expected a list of numbers, found '\(text)'")
    }
    return try finite(largest)
  }

  private func truth(of node: Node, _ names: [String: Value]) throws(Failure) -> Bool {
    let value = try evaluate(node, names)
    guard case .bool(let bool) = value else {
      throw failure("expected true or false, found \(value)")
    }
    return bool
  }

  private func number(of node: Node, _ names: [String: Value]) throws(Failure) -> Double {
    let value = try evaluate(node, names)
    guard case .number(let number) = value else {
      throw failure("expected a number, found \(value)")
    }
    return number
  }

  private func arithmetic(
    _ symbol: String, _ left: Double, _ right: Double
  ) throws(Failure) -> Value {
    switch symbol {
    case "+": return .number(try finite(left + right))
    case "-": return .number(try finite(left - right))
    case "*": return .number(try finite(left * right))
    case "/", "%":
      guard right != 0 else { throw failure("division by zero") }
      let remainder = left - right * (left / right).rounded(.down)
      return .number(try finite(symbol == "/" ? left / right : remainder))
    case "**":
      guard let result = power(left, right) else {
        throw failure("the exponent must be a whole number from 0 to 64, or 0.5")
      }
      return .number(try finite(result))
    case "<": return .bool(left < right)
    case "<=": return .bool(left <= right)
    case ">": return .bool(left > right)
    case ">=": return .bool(left >= right)
    default: throw failure("'\(symbol)' is no operator")
    }
  }

  private func finite(_ number: Double) throws(Failure) -> Double {
    guard number.isFinite else { throw failure("the result is no finite number") }
    return number
  }

  private func power(_ base: Double, _ exponent: Double) -> Double? {
    if exponent == 0.5 { return base.squareRoot() }
    guard let count = Int(exactly: exponent), (0...64).contains(count) else { return nil }
    return (0..<count).reduce(1) { product, _ in product * base }
  }

  private func call(_ function: String, _ arguments: [Double]) throws(Failure) -> Double {
    switch (function, arguments.count) {
    case ("floor", 1): return arguments[0].rounded(.down)
    case ("ceil", 1): return arguments[0].rounded(.up)
    case ("round", 1): return arguments[0].rounded(.toNearestOrEven)
    case ("sqrt", 1): return try finite(arguments[0].squareRoot())
    case ("log", 1): return try finite(log(arguments[0]))
    case ("min", 1...): return arguments.min() ?? 0
    case ("max", 1...): return arguments.max() ?? 0
    default: throw failure("there is no function '\(function)' of \(arguments.count) arguments")
    }
  }
}
