// SPDX-License-Identifier: Apache-2.0

/// Builds statements from the segments of a template.
struct TemplateParser {
  /// The deepest nesting of statements.
  static let maximumDepth = 64

  let segments: [TemplateSegment]
  private var position = 0
  private var depth = 0

  init(segments: [TemplateSegment]) { self.segments = segments }

  mutating func document() throws(TokenizerError) -> [TemplateStatement] {
    let (body, end) = try statements(until: [])
    guard end == nil else { throw .template(line: 1, reason: "an unexpected end") }
    return body
  }

  /// Statements up to a block whose first word is in `ends`; that block is consumed and returned.
  private mutating func statements(
    until ends: Set<String>
  ) throws(TokenizerError) -> ([TemplateStatement], TemplateExpressionParser?) {
    depth += 1
    defer { depth -= 1 }
    var body: [TemplateStatement] = []
    while position < segments.count {
      let segment = segments[position]
      position += 1
      switch segment {
      case .text(let text): body.append(.text(text))
      case .output(let tokens, let line):
        var expression = TemplateExpressionParser(tokens: tokens, line: line)
        body.append(.output(try expression.whole()))
      case .block(let tokens, let line):
        guard depth < Self.maximumDepth else {
          throw .template(line: line, reason: "nested deeper than \(Self.maximumDepth) blocks")
        }
        var block = TemplateExpressionParser(tokens: tokens, line: line)
        let keyword = try block.name()
        if ends.contains(keyword) {
          block.keyword = keyword
          return (body, block)
        }
        body += try statement(keyword, &block)
      }
    }
    guard ends.isEmpty else {
      throw .template(
        line: lastLine, reason: "expected '{% \(ends.sorted().joined(separator: "' or '")) %}'")
    }
    return (body, nil)
  }

  private var lastLine: Int {
    for segment in segments.reversed() {
      switch segment {
      case .text: continue
      case .output(_, let line), .block(_, let line): return line
      }
    }
    return 1
  }

  private mutating func statement(
    _ keyword: String, _ block: inout TemplateExpressionParser
  ) throws(TokenizerError) -> [TemplateStatement] {
    switch keyword {
    case "if": return [try choice(&block)]
    case "for": return [try loop(&block)]
    case "set": return [try assignment(&block)]
    case "macro": return [try macro(&block)]
    case "break", "continue":
      try block.expectEnd()
      return [keyword == "break" ? .leave : .skip]
    case "generation":
      // Marks the assistant's tokens for training; the text is the same.
      let (body, end) = try statements(until: ["endgeneration"])
      try end?.expectEnd()
      return body
    default: throw block.error("the block '{% \(keyword) %}' is not supported")
    }
  }

  private mutating func choice(
    _ block: inout TemplateExpressionParser
  ) throws(TokenizerError) -> TemplateStatement {
    var branches: [(condition: TemplateExpression?, body: [TemplateStatement])] = []
    var condition: TemplateExpression? = try block.whole()
    while true {
      let ends: Set<String> = condition == nil ? ["endif"] : ["elif", "else", "endif"]
      guard case (let body, var end?) = try statements(until: ends) else { return .choice([]) }
      branches.append((condition, body))
      switch end.keyword {
      case "elif": condition = try end.whole()
      case "else":
        try end.expectEnd()
        condition = nil
      default:
        try end.expectEnd()
        return .choice(branches)
      }
    }
  }

  private mutating func loop(
    _ block: inout TemplateExpressionParser
  ) throws(TokenizerError) -> TemplateStatement {
    let targets = try block.names()
    guard block.takeName("in") else { throw block.error("expected 'in'") }
    let sequence = try block.expression(allowsConditional: false)
    let condition = block.takeName("if") ? try block.expression() : nil
    if block.takeName("recursive") { throw block.error("recursive loops are not supported") }
    try block.expectEnd()
    var (body, end) = try statements(until: ["else", "endfor"])
    var otherwise: [TemplateStatement] = []
    if end?.keyword == "else" {
      try end?.expectEnd()
      (otherwise, end) = try statements(until: ["endfor"])
    }
    try end?.expectEnd()
    return .loop(
      TemplateLoop(
        targets: targets, sequence: sequence, condition: condition, body: body,
        otherwise: otherwise))
  }

  private mutating func assignment(
    _ block: inout TemplateExpressionParser
  ) throws(TokenizerError) -> TemplateStatement {
    let names = try block.names()
    var target = TemplateTarget.names(names)
    if names.count == 1, block.takeSymbol(".") {
      target = .attribute(of: names[0], try block.name())
    }
    if block.takeSymbol("=") {
      let value = try block.expression(allowsTuple: true)
      try block.expectEnd()
      return .set(target, value, line: block.line)
    }
    try block.expectEnd()
    let (body, end) = try statements(until: ["endset"])
    try end?.expectEnd()
    return .capture(target, body, line: block.line)
  }

  private mutating func macro(
    _ block: inout TemplateExpressionParser
  ) throws(TokenizerError) -> TemplateStatement {
    let name = try block.name()
    var parameters: [(name: String, standard: TemplateExpression?)] = []
    guard block.takeSymbol("(") else { throw block.error("expected '('") }
    while !block.takeSymbol(")") {
      if !parameters.isEmpty, !block.takeSymbol(",") { throw block.error("expected ','") }
      let parameter = try block.name()
      parameters.append((parameter, block.takeSymbol("=") ? try block.expression() : nil))
    }
    try block.expectEnd()
    var (body, end) = try statements(until: ["endmacro"])
    if end?.isAtEnd == false { _ = try end?.name() }
    try end?.expectEnd()
    return .macro(TemplateMacro(name: name, parameters: parameters, body: body))
  }
}
