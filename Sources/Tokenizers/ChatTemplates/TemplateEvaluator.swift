// SPDX-License-Identifier: Apache-2.0

/// Runs a template's statements: the variables, the output, and what is left of the bounds.
struct TemplateEvaluator {
  /// The most that a rendering may do; a long conversation takes some hundred thousand steps.
  static let standardSteps = 2_000_000
  /// The longest output and the longest string, in bytes.
  static let maximumLength = 8 << 20
  /// The deepest calls of macros.
  static let maximumCalls = 16
  /// The deepest nesting of statements and expressions in all calls together.
  static let maximumNesting = 200

  enum Flow { case normal, leave, skip }

  /// From the outermost scope to the innermost.
  var scopes: [[String: TemplateValue]]
  var namespaces: [[String: TemplateValue]] = []
  var macros: [TemplateMacro] = []
  /// The line of the expression being evaluated.
  var line = 1
  /// Statements and expressions being evaluated inside each other.
  var nesting = 0
  var calls = 0
  private var output = ""
  private var steps = 0

  private let maximumSteps: Int

  init(variables: [String: TemplateValue], maximumSteps: Int) {
    scopes = [variables]
    self.maximumSteps = maximumSteps
  }

  func error(_ reason: String) -> TokenizerError { .template(line: line, reason: reason) }

  /// Counts work, in steps or in 16-byte pieces of text.
  mutating func spend(_ count: Int = 1) throws(TokenizerError) {
    steps += count
    guard steps <= maximumSteps else {
      throw error("stopped after \(maximumSteps) steps")
    }
  }

  /// Accounts for a string that was made.
  mutating func made(_ string: String) throws(TokenizerError) -> TemplateValue {
    let count = string.utf8.count
    try spend(count / 16)
    guard count <= Self.maximumLength else {
      throw error("a string of \(count) bytes; expected at most \(Self.maximumLength)")
    }
    return .string(string)
  }

  /// Accounts for a list that was made.
  mutating func made(_ elements: [TemplateValue]) throws(TokenizerError) -> TemplateValue {
    try spend(elements.count)
    let list = TemplateList(elements)
    guard list.depth <= TemplateExpression.maximumDepth else {
      throw error("a list nested deeper than \(TemplateExpression.maximumDepth) levels")
    }
    return .list(list)
  }

  /// Accounts for a mapping that was made.
  mutating func made(
    _ entries: [(key: String, value: TemplateValue)]
  ) throws(TokenizerError) -> TemplateValue {
    try spend(entries.count)
    let mapping = TemplateMapping(entries)
    guard mapping.depth <= TemplateExpression.maximumDepth else {
      throw error("a dict nested deeper than \(TemplateExpression.maximumDepth) levels")
    }
    return .mapping(mapping)
  }

  mutating func render(_ body: [TemplateStatement]) throws(TokenizerError) -> String {
    _ = try run(body)
    return output
  }

  private mutating func write(_ text: String) throws(TokenizerError) {
    output += text
    try spend(text.utf8.count / 16)
    guard output.utf8.count <= Self.maximumLength else {
      throw error("an output of more than \(Self.maximumLength) bytes")
    }
  }

  /// What a body writes, kept out of the output.
  mutating func captured(_ body: [TemplateStatement]) throws(TokenizerError) -> String {
    let outer = output
    output = ""
    defer { output = outer }
    _ = try run(body)
    return output
  }

  mutating func run(_ body: [TemplateStatement]) throws(TokenizerError) -> Flow {
    for statement in body {
      try spend()
      let flow = try run(statement)
      if flow != .normal { return flow }
    }
    return .normal
  }

  /// Counts one more level, so that no template runs out of stack.
  mutating func enter() throws(TokenizerError) {
    nesting += 1
    guard nesting <= Self.maximumNesting else {
      throw error("nested deeper than \(Self.maximumNesting) levels")
    }
  }

  private mutating func run(_ statement: TemplateStatement) throws(TokenizerError) -> Flow {
    try enter()
    defer { nesting -= 1 }
    switch statement {
    case .text(let text): try write(text)
    case .output(let expression):
      let value = try evaluate(expression)
      try write(try text(of: value))
    case .choice(let branches):
      for (condition, body) in branches {
        if let condition, try !evaluate(condition).isTrue { continue }
        return try run(body)
      }
    case .loop(let loop): try run(loop)
    case .set(let target, let expression, let line):
      let value = try evaluate(expression)
      self.line = line
      try assign(value, to: target)
    case .capture(let target, let body, let line):
      let text = try captured(body)
      self.line = line
      try assign(.string(text), to: target)
    case .macro(let macro):
      macros.append(macro)
      define(macro.name, .macro(macros.count - 1))
    case .leave: return .leave
    case .skip: return .skip
    }
    return .normal
  }

  func lookUp(_ name: String) -> TemplateValue? {
    for scope in scopes.reversed() {
      if let value = scope[name] { return value }
    }
    return nil
  }

  mutating func define(_ name: String, _ value: TemplateValue) {
    scopes[scopes.count - 1][name] = value
  }

  private mutating func assign(
    _ value: TemplateValue, to target: TemplateTarget
  ) throws(TokenizerError) {
    switch target {
    case .names(let names):
      for (name, value) in try unpacked(value, into: names) { define(name, value) }
    case .attribute(let name, let attribute):
      guard case .namespace(let place) = lookUp(name) else {
        throw error("'\(name)' is no namespace; only the attributes of one can be set")
      }
      guard value.depth < TemplateExpression.maximumDepth else {
        throw error("a value nested too deep")
      }
      namespaces[place][attribute] = value
    }
  }

  private mutating func unpacked(
    _ value: TemplateValue, into names: [String]
  ) throws(TokenizerError) -> [(String, TemplateValue)] {
    if names.count == 1 { return [(names[0], value)] }
    let values = try elements(of: value)
    guard values.count == names.count else {
      throw error("expected \(names.count) values to unpack, found \(values.count)")
    }
    return Array(zip(names, values))
  }

  private mutating func run(_ loop: TemplateLoop) throws(TokenizerError) {
    let all = try elements(of: try evaluate(loop.sequence))
    var chosen: [TemplateValue] = []
    scopes.append([:])
    defer { scopes.removeLast() }
    for element in all {
      try spend()
      for (name, value) in try unpacked(element, into: loop.targets) { define(name, value) }
      if let condition = loop.condition, try !evaluate(condition).isTrue { continue }
      chosen.append(element)
    }
    if chosen.isEmpty { _ = try run(loop.otherwise) }
    for (index, element) in chosen.enumerated() {
      try spend()
      scopes[scopes.count - 1] = ["loop": Self.position(index, in: chosen)]
      for (name, value) in try unpacked(element, into: loop.targets) { define(name, value) }
      if try run(loop.body) == .leave { break }
    }
  }

  /// The variable `loop`.
  private static func position(_ index: Int, in elements: [TemplateValue]) -> TemplateValue {
    let count = elements.count
    var entries: [(key: String, value: TemplateValue)] = [
      ("index", .integer(index + 1)), ("index0", .integer(index)),
      ("first", .bool(index == 0)), ("last", .bool(index == count - 1)),
      ("length", .integer(count)), ("revindex", .integer(count - index)),
      ("revindex0", .integer(count - index - 1)),
    ]
    if index > 0 { entries.append(("previtem", elements[index - 1])) }
    if index + 1 < count { entries.append(("nextitem", elements[index + 1])) }
    return .mapping(TemplateMapping(entries))
  }
}
