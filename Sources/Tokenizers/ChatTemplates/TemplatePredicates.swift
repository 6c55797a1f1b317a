// SPDX-License-Identifier: Apache-2.0

extension TemplateEvaluator {
  /// Whether `value is name(arguments)`.
  mutating func test(
    _ name: String, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TokenizerError) -> Bool {
    let relations = [
      "equalto": "==", "eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=",
      "in": "in", "lessthan": "<", "greaterthan": ">",
    ]
    if let relation = relations[name] ?? (["==", "!=", "<", "<=", ">", ">="].first { $0 == name }) {
      guard let other = arguments.positional.first else {
        throw error("the test '\(name)' expects a value")
      }
      return try holds(relation, value, other)
    }
    switch (name, value) {
    case ("defined", .undefined): return false
    case ("defined", _): return true
    case ("undefined", .undefined): return true
    case ("none", .none): return true
    case ("boolean", .bool): return true
    case ("true", .bool(let flag)): return flag
    case ("false", .bool(let flag)): return !flag
    case ("string", .string): return true
    case ("integer", .integer): return true
    case ("float", .number): return true
    case ("number", .integer), ("number", .number), ("number", .bool): return true
    case ("mapping", .mapping): return true
    case ("iterable", .list), ("iterable", .mapping), ("iterable", .string),
      ("iterable", .undefined):
      return true
    case ("sequence", .list), ("sequence", .mapping), ("sequence", .string),
      ("sequence", .undefined):
      return true
    case ("callable", .macro), ("callable", .function): return true
    case ("odd", .integer(let number)): return !number.isMultiple(of: 2)
    case ("even", .integer(let number)): return number.isMultiple(of: 2)
    case ("divisibleby", .integer(let number)):
      guard let divisor = arguments.positional.first?.int, divisor != 0 else {
        throw error("divisibleby: expected a number other than 0")
      }
      return number.isMultiple(of: divisor)
    case ("lower", .string(let text)): return text == text.lowercased() && text != text.uppercased()
    case ("upper", .string(let text)): return text == text.uppercased() && text != text.lowercased()
    case ("sameas", _):
      guard let other = arguments.positional.first else {
        throw error("sameas: expected a value")
      }
      return value.typeName == other.typeName ? try equal(value, other) : false
    case ("undefined", _), ("none", _), ("boolean", _), ("true", _), ("false", _), ("string", _),
      ("integer", _), ("float", _), ("number", _), ("mapping", _), ("iterable", _),
      ("sequence", _), ("callable", _):
      return false
    default: throw error("the test '\(name)' does not apply to \(value.typeName)")
    }
  }
}
