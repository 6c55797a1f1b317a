// SPDX-License-Identifier: Apache-2.0

/// The values of a call, evaluated.
struct TemplateArguments {
  var positional: [TemplateValue] = []
  var named: [(key: String, value: TemplateValue)] = []

  /// An argument by its place or its name.
  subscript(index: Int, name: String) -> TemplateValue? {
    positional.indices.contains(index)
      ? positional[index] : named.first { $0.key == name }?.value
  }
}

extension TemplateEvaluator {
  mutating func evaluate(
    _ expression: TemplateExpression
  ) throws(TokenizerError) -> TemplateValue {
    try spend()
    try enter()
    defer { nesting -= 1 }
    line = expression.line
    switch expression.kind {
    case .literal(let value): return value
    case .name(let name): return value(named: name)
    case .list(let parts): return try made(try evaluate(parts))
    case .mapping(let parts): return try mapping(parts)
    case .attribute(let object, let name):
      return try attribute(name, of: try evaluate(object))
    case .element(let object, let index):
      let object = try evaluate(object)
      return try element(try evaluate(index), of: object)
    case .slice(let object, let parts): return try slice(try evaluate(object), parts)
    case .call(let callee, let arguments): return try call(callee, arguments)
    case .filter(let object, let name, let arguments):
      let value = try evaluate(object)
      return try filter(name, value, try evaluate(arguments))
    case .test(let object, let name, let arguments, let isNegated):
      let value = try evaluate(object)
      return .bool(try test(name, value, try evaluate(arguments)) != isNegated)
    case .negative(let part):
      switch try evaluate(part) {
      case .number(let value): return .number(-value)
      case let value:
        guard let number = value.int, number != .min else {
          throw error("'-' does not apply to \(value.typeName)")
        }
        return .integer(-number)
      }
    case .not(let part): return .bool(!(try evaluate(part).isTrue))
    case .both(let left, let right):
      let value = try evaluate(left)
      return value.isTrue ? try evaluate(right) : value
    case .either(let left, let right):
      let value = try evaluate(left)
      return value.isTrue ? value : try evaluate(right)
    case .binary(let symbol, let left, let right):
      let value = try evaluate(left)
      return try combine(symbol, value, try evaluate(right))
    case .comparison(let first, let others): return try compare(first, others)
    case .conditional(let condition, let then, let otherwise):
      if try evaluate(condition).isTrue { return try evaluate(then) }
      return try otherwise.map { part throws(TokenizerError) in try evaluate(part) }
        ?? .undefined("the value of an 'if' without 'else'")
    }
  }

  private func value(named name: String) -> TemplateValue {
    if let value = lookUp(name) { return value }
    let functions = ["namespace", "range", "raise_exception", "dict"]
    return functions.contains(name) ? .function(name) : .undefined("'\(name)'")
  }

  private mutating func evaluate(
    _ parts: [TemplateExpression]
  ) throws(TokenizerError) -> [TemplateValue] {
    var values: [TemplateValue] = []
    for part in parts { values.append(try evaluate(part)) }
    return values
  }

  private mutating func evaluate(
    _ arguments: [TemplateExpression.Argument]
  ) throws(TokenizerError) -> TemplateArguments {
    var result = TemplateArguments()
    for (name, expression) in arguments {
      let value = try evaluate(expression)
      if let name { result.named.append((name, value)) } else { result.positional.append(value) }
    }
    return result
  }

  private mutating func mapping(
    _ parts: [(key: TemplateExpression, value: TemplateExpression)]
  ) throws(TokenizerError) -> TemplateValue {
    var entries: [(key: String, value: TemplateValue)] = []
    for part in parts {
      let key = try evaluate(part.key)
      guard let text = key.string else { throw error("a key of type \(key.typeName)") }
      let value = try evaluate(part.value)
      if let place = entries.firstIndex(where: { Self.equal($0.key, text) }) {
        entries[place].value = value
      } else {
        entries.append((text, value))
      }
    }
    return try made(entries)
  }

  func attribute(
    _ name: String, of object: TemplateValue
  ) throws(TokenizerError) -> TemplateValue {
    switch object {
    case .mapping(let mapping): return mapping[name] ?? .undefined("the attribute '\(name)'")
    case .namespace(let place):
      return namespaces[place][name] ?? .undefined("the attribute '\(name)'")
    case .undefined(let what): throw error("\(what) is undefined, so it has no '\(name)'")
    default: return .undefined("the attribute '\(name)'")
    }
  }

  func element(
    _ index: TemplateValue, of object: TemplateValue
  ) throws(TokenizerError) -> TemplateValue {
    if let name = index.string {
      if case .list = object { return .undefined("the element '\(name)'") }
      return try attribute(name, of: object)
    }
    guard let number = index.int else {
      if case .undefined(let what) = object { throw error("\(what) is undefined") }
      return .undefined("the element")
    }
    switch object {
    case .list(let list):
      let place = number < 0 ? number + list.elements.count : number
      return list.elements.indices.contains(place)
        ? list.elements[place] : .undefined("element \(number)")
    case .string(let text):
      let scalars = Array(text.unicodeScalars)
      let place = number < 0 ? number + scalars.count : number
      return scalars.indices.contains(place)
        ? .string(String(scalars[place])) : .undefined("character \(number)")
    case .undefined(let what): throw error("\(what) is undefined")
    default: return .undefined("element \(number)")
    }
  }

  private mutating func slice(
    _ object: TemplateValue, _ parts: [TemplateExpression?]
  ) throws(TokenizerError) -> TemplateValue {
    var bounds: [Int?] = []
    for part in parts {
      guard let part, case let value = try evaluate(part) else {
        bounds.append(nil)
        continue
      }
      if case .none = value {
        bounds.append(nil)
        continue
      }
      guard let number = value.int else { throw error("a slice bound of \(value.typeName)") }
      bounds.append(number)
    }
    let step = bounds.count > 2 ? bounds[2] ?? 1 : 1
    guard step != 0, step.magnitude < 1 << 32 else { throw error("a slice step of \(step)") }
    switch object {
    case .list(let list):
      let places = Self.places(list.elements.count, bounds[0], bounds[1], step)
      return try made(places.map { list.elements[$0] })
    case .string(let text):
      let scalars = Array(text.unicodeScalars)
      try spend(scalars.count / 16)
      var view = String.UnicodeScalarView()
      for place in Self.places(scalars.count, bounds[0], bounds[1], step) {
        view.append(scalars[place])
      }
      return try made(String(view))
    default: throw error("\(object.typeName) has no slices")
    }
  }

  /// Python's slice of `count` elements.
  private static func places(_ count: Int, _ start: Int?, _ end: Int?, _ step: Int) -> [Int] {
    let (low, high) = step > 0 ? (0, count) : (-1, count - 1)
    func clamped(_ bound: Int) -> Int {
      min(max(bound < 0 ? bound.addingReportingOverflow(count).partialValue : bound, low), high)
    }
    let first = start.map(clamped) ?? (step > 0 ? low : high)
    let last = end.map(clamped) ?? (step > 0 ? high : low)
    return Array(stride(from: first, to: last, by: step))
  }

  private mutating func call(
    _ callee: TemplateExpression, _ arguments: [TemplateExpression.Argument]
  ) throws(TokenizerError) -> TemplateValue {
    if case .attribute(let object, let name) = callee.kind {
      let value = try evaluate(object)
      if case .namespace = value {
        return try invoke(try attribute(name, of: value), try evaluate(arguments))
      }
      return try method(name, value, try evaluate(arguments))
    }
    let function = try evaluate(callee)
    return try invoke(function, try evaluate(arguments))
  }

  private mutating func invoke(
    _ function: TemplateValue, _ arguments: TemplateArguments
  ) throws(TokenizerError) -> TemplateValue {
    switch function {
    case .macro(let place): return try call(macros[place], arguments)
    case .function("raise_exception"):
      throw error(arguments[0, "message"]?.string ?? "the template refuses this conversation")
    case .function("namespace"):
      guard namespaces.count < 10_000 else { throw error("more than 10000 namespaces") }
      namespaces.append(Dictionary(arguments.named.map { ($0, $1) }) { $1 })
      return .namespace(namespaces.count - 1)
    case .function("dict"): return try made(arguments.named)
    case .function("range"):
      let bounds = arguments.positional.compactMap(\.int)
      guard (1...3).contains(bounds.count), bounds.count == arguments.positional.count,
        bounds.allSatisfy({ $0.magnitude < 1 << 32 }), bounds.count < 3 || bounds[2] != 0
      else { throw error("range: expected one to three integers") }
      let numbers = stride(
        from: bounds.count > 1 ? bounds[0] : 0, to: bounds.count > 1 ? bounds[1] : bounds[0],
        by: bounds.count > 2 ? bounds[2] : 1)
      let limited = Array(numbers.prefix(100_001))
      guard limited.count <= 100_000 else { throw error("range: more than 100000 numbers") }
      return try made(limited.map { .integer($0) })
    case .undefined(let what): throw error("\(what) is undefined, so it cannot be called")
    default: throw error("\(function.typeName) cannot be called")
    }
  }

  private mutating func call(
    _ macro: TemplateMacro, _ arguments: TemplateArguments
  ) throws(TokenizerError) -> TemplateValue {
    calls += 1
    let outer = scopes
    defer {
      calls -= 1
      scopes = outer
    }
    guard calls <= Self.maximumCalls else {
      throw error("macros call each other deeper than \(Self.maximumCalls) levels")
    }
    scopes = [outer[0], [:]]
    for (place, parameter) in macro.parameters.enumerated() {
      var value = arguments[place, parameter.name]
      if value == nil, let standard = parameter.standard { value = try evaluate(standard) }
      define(parameter.name, value ?? .undefined("'\(parameter.name)'"))
    }
    return .string(try captured(macro.body))
  }
}
