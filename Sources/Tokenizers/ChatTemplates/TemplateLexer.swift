// SPDX-License-Identifier: Apache-2.0

/// A token inside a tag.
enum TemplateToken: Sendable, Equatable {
  case name(String)
  case string(String)
  case integer(Int)
  case number(Double)
  case symbol(String)
}

/// A part of a template: text, or the tokens of a tag.
enum TemplateSegment: Sendable {
  case text(String)
  case output([TemplateToken], line: Int)
  case block([TemplateToken], line: Int)
}

/// Cuts a template into text and tags, and applies the control of white space.
struct TemplateLexer {
  /// The longest template that is read, in bytes; the longest in use have about 20 thousand.
  static let maximumLength = 1 << 20

  private let scalars: [Unicode.Scalar]
  private var position = 0
  private var line = 1
  private var segments: [TemplateSegment] = []
  /// Whether what was consumed last ended a line.
  private var isAtLineStart = true
  /// Whether the tag before asks for white space to go.
  private var stripsNext = false

  static func segments(of source: String) throws(TokenizerError) -> [TemplateSegment] {
    guard source.utf8.count <= maximumLength else {
      throw .template(line: 1, reason: "expected at most \(maximumLength) bytes")
    }
    var lexer = TemplateLexer(source)
    while lexer.position < lexer.scalars.count { try lexer.next() }
    return lexer.segments
  }

  private init(_ source: String) {
    var scalars: [Unicode.Scalar] = []
    for scalar in source.unicodeScalars {
      // Jinja reads every kind of line end as a newline.
      if scalar == "\n", scalars.last == "\r" { scalars.removeLast() }
      scalars.append(scalar)
    }
    // One newline at the end is no part of the template.
    if let last = scalars.last, last == "\n" || last == "\r" { scalars.removeLast() }
    self.scalars = scalars.map { $0 == "\r" ? "\n" : $0 }
  }

  private func error(_ reason: String) -> TokenizerError { .template(line: line, reason: reason) }

  private func starts(_ text: StaticString, at place: Int) -> Bool {
    let end = place + text.utf8CodeUnitCount
    guard end <= scalars.count else { return false }
    for i in place..<end where scalars[i].value != UInt32(text.utf8Start[i - place]) {
      return false
    }
    return true
  }

  private mutating func advance(to end: Int) {
    for i in position..<end where scalars[i] == "\n" { line += 1 }
    if end > position { isAtLineStart = scalars[end - 1] == "\n" }
    position = end
  }

  /// Reads the text up to the next tag, and the tag.
  private mutating func next() throws(TokenizerError) {
    var tag = position
    while tag < scalars.count,
      !(scalars[tag] == "{"
        && (starts("{{", at: tag) || starts("{%", at: tag) || starts("{#", at: tag)))
    { tag += 1 }
    let isLast = tag == scalars.count
    let control = tag + 2 < scalars.count ? scalars[tag + 2] : " "
    let isOutput = !isLast && scalars[tag + 1] == "{"
    var text = scalars[position..<tag]
    let wasAtLineStart = isAtLineStart
    if stripsNext { text = text.drop(while: \.properties.isWhitespace) }
    if !isLast, control == "-" {
      while text.last?.properties.isWhitespace ?? false { text.removeLast() }
    } else if !isLast, !isOutput, control != "+" {
      text = Self.withoutIndentation(
        text, wasAtLineStart: wasAtLineStart && text.startIndex == position)
    }
    if !text.isEmpty { segments.append(.text(Self.string(text))) }
    advance(to: tag)
    stripsNext = false
    if !isLast { try readTag() }
  }

  /// Takes away the blanks between the start of the line and a block.
  private static func withoutIndentation(
    _ text: ArraySlice<Unicode.Scalar>, wasAtLineStart: Bool
  ) -> ArraySlice<Unicode.Scalar> {
    let newline = text.lastIndex(of: "\n")
    guard newline != nil || wasAtLineStart else { return text }
    let start = newline.map { $0 + 1 } ?? text.startIndex
    return text[start...].allSatisfy(\.properties.isWhitespace) ? text[..<start] : text
  }

  private static func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    return String(view)
  }

  private mutating func readTag() throws(TokenizerError) {
    let (opening, start) = (scalars[position + 1], line)
    advance(to: position + 2)
    if opening == "#" {
      while position < scalars.count, !starts("#}", at: position) { position += 1 }
      guard position < scalars.count else { throw error("expected '#}'") }
      let control = scalars[position - 1]
      advance(to: position + 2)
      return finishBlock(control)
    }
    if position < scalars.count, scalars[position] == "-" || scalars[position] == "+" {
      advance(to: position + 1)
    }
    let (tokens, control) = try tokens(closing: opening == "{" ? "}" : "%")
    if opening == "{" {
      segments.append(.output(tokens, line: start))
      stripsNext = control == "-"
      return
    }
    finishBlock(control)
    if tokens == [.name("raw")] { return try readRaw() }
    segments.append(.block(tokens, line: start))
  }

  /// Applies `-%}`, or the removal of one newline after a block.
  private mutating func finishBlock(_ control: Unicode.Scalar) {
    stripsNext = control == "-"
    if !stripsNext, control != "+", position < scalars.count, scalars[position] == "\n" {
      advance(to: position + 1)
    }
  }

  private mutating func readRaw() throws(TokenizerError) {
    let start = position
    while position < scalars.count {
      guard starts("{%", at: position) else {
        position += 1
        continue
      }
      let end = position
      position += 2
      if let (tokens, control) = try? tokens(closing: "%"), tokens == [.name("endraw")] {
        segments.append(.text(Self.string(scalars[start..<end])))
        return finishBlock(control)
      }
      position = end + 1
    }
    throw error("expected '{% endraw %}'")
  }

  /// The tokens up to the end of the tag, and what stands before its end: `-`, `+` or a space.
  private mutating func tokens(
    closing: Unicode.Scalar
  ) throws(TokenizerError) -> ([TemplateToken], Unicode.Scalar) {
    var tokens: [TemplateToken] = []
    var brackets = 0
    while position < scalars.count {
      let scalar = scalars[position]
      if scalar.properties.isWhitespace {
        advance(to: position + 1)
        continue
      }
      if brackets == 0 {
        let isControlled = scalar == "-" || scalar == "+"
        let end = isControlled ? position + 1 : position
        if end + 1 < scalars.count, scalars[end] == closing, scalars[end + 1] == "}" {
          advance(to: end + 2)
          return (tokens, isControlled ? scalar : " ")
        }
      }
      let token = try token()
      if case .symbol(let symbol) = token {
        if "([{".contains(symbol) { brackets += 1 }
        if ")]}".contains(symbol) { brackets -= 1 }
      }
      tokens.append(token)
    }
    throw error("expected the end of a tag")
  }

  private mutating func token() throws(TokenizerError) -> TemplateToken {
    let start = position
    let scalar = scalars[position]
    if scalar == "'" || scalar == "\"" { return .string(try quoted(scalar)) }
    if ("0"..."9").contains(scalar) { return try number() }
    if scalar == "_" || scalar.properties.isXIDStart {
      while position < scalars.count, scalars[position].properties.isXIDContinue { position += 1 }
      return .name(Self.string(scalars[start..<position]))
    }
    for symbol in ["==", "!=", "<=", ">=", "//", "**"] {
      if scalars[position...].starts(with: symbol.unicodeScalars) {
        position += 2
        return .symbol(symbol)
      }
    }
    guard "+-*/%~<>=.,:|()[]{}".unicodeScalars.contains(scalar) else {
      throw error("an unexpected character '\(scalar)'")
    }
    position += 1
    return .symbol(String(scalar))
  }

  private mutating func number() throws(TokenizerError) -> TemplateToken {
    let start = position
    func isDigit(_ i: Int) -> Bool { i < scalars.count && ("0"..."9").contains(scalars[i]) }
    while isDigit(position) { position += 1 }
    let isWhole = !(position < scalars.count && scalars[position] == "." && isDigit(position + 1))
    if !isWhole {
      position += 1
      while isDigit(position) { position += 1 }
    }
    let text = Self.string(scalars[start..<position])
    if isWhole, let value = Int(text) { return .integer(value) }
    guard !isWhole, let value = Double(text) else { throw error("the number \(text)") }
    return .number(value)
  }

  private mutating func quoted(_ quote: Unicode.Scalar) throws(TokenizerError) -> String {
    var text = String.UnicodeScalarView()
    advance(to: position + 1)
    while position < scalars.count, scalars[position] != quote {
      var scalar = scalars[position]
      if scalar == "\\", position + 1 < scalars.count {
        advance(to: position + 1)
        scalar = scalars[position]
        let plain: [Unicode.Scalar: Unicode.Scalar] = ["n": "\n", "t": "\t", "r": "\r"]
        let digits = scalar == "x" ? 2 : scalar == "u" ? 4 : 0
        if digits > 0 {
          let code = Self.string(scalars[(position + 1)...].prefix(digits))
          guard code.utf8.count == digits, let value = UInt32(code, radix: 16),
            let coded = Unicode.Scalar(value)
          else { throw error("the escape '\\\(scalar)\(code)'") }
          advance(to: position + digits)
          scalar = coded
        } else if let known = plain[scalar] {
          scalar = known
        } else if !["\\", "'", "\""].contains(scalar) {
          text.append("\\")
        }
      }
      text.append(scalar)
      advance(to: position + 1)
    }
    guard position < scalars.count else { throw error("expected the end of a string") }
    advance(to: position + 1)
    return String(text)
  }
}
