// SPDX-License-Identifier: Apache-2.0

extension Pattern {
  /// Compiles a regular expression.
  ///
  /// Literals, escapes, classes with `\p{..}`, `.`, groups (capturing, `(?:`, `(?i:`), lookahead,
  /// alternatives, `? * + {m,n}` and their possessive forms, `^` and `$`.
  ///
  /// - Throws: ``TokenizerError/unsupported(source:feature:remedy:)`` for anything else, naming it.
  init(_ expression: String, source: String) throws(TokenizerError) {
    var parser = PatternParser(
      expression: expression, file: source, scalars: Array(expression.unicodeScalars))
    let tree = try parser.alternatives(ignoringCase: false)
    guard parser.isAtEnd else { throw parser.unsupported("an unmatched ')'") }
    var compiler = PatternCompiler()
    guard compiler.emit(tree), compiler.emit(.accept) else {
      throw parser.unsupported("a pattern of more than \(PatternCompiler.limit) instructions")
    }
    self.init(
      source: expression, instructions: compiler.instructions, sets: compiler.sets)
  }
}

/// What a pattern means, before it is compiled.
indirect enum PatternTree {
  case set(ScalarSet)
  case sequence([PatternTree])
  case alternatives([PatternTree])
  case repeated(PatternTree, minimum: Int, maximum: Int, isPossessive: Bool)
  case look(PatternTree, isNegated: Bool)
  case anchor(Pattern.Instruction)

  /// Whether a repeat without limit stands inside: repeating that again can take exponential time.
  var hasUnlimitedRepeat: Bool {
    switch self {
    case .set, .anchor: false
    case .sequence(let parts), .alternatives(let parts): parts.contains(where: \.hasUnlimitedRepeat)
    case .repeated(let part, _, let maximum, _): maximum == .max || part.hasUnlimitedRepeat
    case .look(let part, _): part.hasUnlimitedRepeat
    }
  }

  /// Whether it can match without consuming anything: repeating that would never end.
  var canBeEmpty: Bool {
    switch self {
    case .set: false
    case .sequence(let parts): parts.allSatisfy(\.canBeEmpty)
    case .alternatives(let parts): parts.contains(where: \.canBeEmpty)
    case .repeated(let part, let minimum, _, _): minimum == 0 || part.canBeEmpty
    case .look, .anchor: true
    }
  }
}

private struct PatternParser {
  let expression: String
  let file: String
  let scalars: [Unicode.Scalar]
  var position = 0
  var depth = 0

  var isAtEnd: Bool { position == scalars.count }
  var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

  func unsupported(_ feature: String) -> TokenizerError {
    .unsupported(
      source: file, feature: "\(feature) in the pre-tokenizer pattern '\(expression)'",
      remedy: "expected one of the usual BPE patterns")
  }

  mutating func take(_ text: String) -> Bool {
    let wanted = Array(text.unicodeScalars)
    guard scalars[position...].starts(with: wanted) else { return false }
    position += wanted.count
    return true
  }

  mutating func alternatives(ignoringCase: Bool) throws(TokenizerError) -> PatternTree {
    depth += 1
    defer { depth -= 1 }
    guard depth < 32 else { throw unsupported("nesting deeper than 32 groups") }
    var alternatives: [PatternTree] = []
    repeat { alternatives.append(try sequence(ignoringCase: ignoringCase)) } while take("|")
    return alternatives.count == 1 ? alternatives[0] : .alternatives(alternatives)
  }

  mutating func sequence(ignoringCase: Bool) throws(TokenizerError) -> PatternTree {
    var parts: [PatternTree] = []
    while let scalar = next, scalar != "|", scalar != ")" {
      let part = try atom(ignoringCase: ignoringCase)
      parts.append(try quantified(part))
    }
    return parts.count == 1 ? parts[0] : .sequence(parts)
  }

  mutating func atom(ignoringCase: Bool) throws(TokenizerError) -> PatternTree {
    guard let scalar = next else { throw unsupported("a missing part") }
    position += 1
    switch scalar {
    case "(": return try group(ignoringCase: ignoringCase)
    case "[": return .set(try characterClass())
    case ".": return .set(.notNewline)
    case "^": return .anchor(.textStart)
    case "$": return .anchor(.textEnd)
    case "\\": return .set(ScalarSet([try escape()]))
    case "?", "*", "+", "{": throw unsupported("a repeat of nothing")
    default: return .set(literal(scalar, ignoringCase: ignoringCase))
    }
  }

  mutating func group(ignoringCase: Bool) throws(TokenizerError) -> PatternTree {
    var ignoringCase = ignoringCase
    var look: Bool?
    if take("?") {
      if take("i:") {
        ignoringCase = true
      } else if take("!") {
        look = true
      } else if take("=") {
        look = false
      } else if !take(":") {
        throw unsupported("a group '(?\(next.map(String.init) ?? "")'")
      }
    }
    let tree = try alternatives(ignoringCase: ignoringCase)
    guard take(")") else { throw unsupported("a missing ')'") }
    return if let look { .look(tree, isNegated: look) } else { tree }
  }

  func literal(_ scalar: Unicode.Scalar, ignoringCase: Bool) -> ScalarSet {
    guard ignoringCase else { return ScalarSet([.range(scalar.value...scalar.value)]) }
    var forms = [String(scalar), scalar.properties.lowercaseMapping]
    forms.append(scalar.properties.uppercaseMapping)
    // Simple case folding has two more partners of ASCII letters (CaseFolding.txt).
    if scalar == "s" || scalar == "S" { forms.append("\u{17F}") }
    if scalar == "k" || scalar == "K" { forms.append("\u{212A}") }
    return ScalarSet(
      forms.filter { $0.unicodeScalars.count == 1 }
        .flatMap(\.unicodeScalars).map { .range($0.value...$0.value) })
  }

  mutating func quantified(_ part: PatternTree) throws(TokenizerError) -> PatternTree {
    var minimum: Int
    var maximum: Int
    if take("?") {
      (minimum, maximum) = (0, 1)
    } else if take("*") {
      (minimum, maximum) = (0, .max)
    } else if take("+") {
      (minimum, maximum) = (1, .max)
    } else if take("{") {
      (minimum, maximum) = try limits()
    } else {
      return part
    }
    let isPossessive = take("+")
    if next == "?" { throw unsupported("a lazy repeat") }
    if case .set = part {
      return .repeated(part, minimum: minimum, maximum: maximum, isPossessive: isPossessive)
    }
    guard !isPossessive else { throw unsupported("a possessive repeat of a group") }
    guard maximum != .max || !part.hasUnlimitedRepeat && !part.canBeEmpty else {
      throw unsupported("an unlimited repeat of a group that repeats or can be empty")
    }
    return .repeated(part, minimum: minimum, maximum: maximum, isPossessive: false)
  }

  /// What stands between braces: `{3}`, `{1,3}`, `{2,}`.
  mutating func limits() throws(TokenizerError) -> (Int, Int) {
    var text = ""
    while let scalar = next, scalar != "}" {
      text.unicodeScalars.append(scalar)
      position += 1
    }
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    guard take("}"), let minimum = Int(parts[0]), (0...1000).contains(minimum), parts.count <= 2
    else { throw unsupported("the repeat '{\(text)}'") }
    if parts.count == 1 { return (minimum, minimum) }
    if parts[1].isEmpty { return (minimum, .max) }
    guard let maximum = Int(parts[1]), (minimum...1000).contains(maximum), maximum > 0 else {
      throw unsupported("the repeat '{\(text)}'")
    }
    return (minimum, maximum)
  }

  mutating func characterClass() throws(TokenizerError) -> ScalarSet {
    let isComplement = take("^")
    var items: [ScalarSet.Item] = []
    while let scalar = next, scalar != "]" {
      position += 1
      if scalar == "[" || scalar == "&" && next == "&" {
        throw unsupported("a class inside a class")
      }
      let item = scalar == "\\" ? try escape() : .range(scalar.value...scalar.value)
      guard case .range(let low) = item, next == "-", position + 1 < scalars.count,
        scalars[position + 1] != "]"
      else {
        items.append(item)
        continue
      }
      position += 1
      guard let end = next else { throw unsupported("a missing ']'") }
      position += 1
      let last = end == "\\" ? try escape() : .range(end.value...end.value)
      guard case .range(let high) = last, low.lowerBound <= high.lowerBound else {
        throw unsupported("a range that ends before it starts")
      }
      items.append(.range(low.lowerBound...high.lowerBound))
    }
    guard take("]") else { throw unsupported("a missing ']'") }
    return ScalarSet(items, isComplement: isComplement)
  }

  mutating func escape() throws(TokenizerError) -> ScalarSet.Item {
    guard let scalar = next else { throw unsupported("a lone '\\'") }
    position += 1
    switch scalar {
    case "s": return .space
    case "S": return .complement([.space])
    case "w": return .word
    case "W": return .complement([.word])
    case "d": return .categories(ScalarSet.categories("Nd") ?? 0)
    case "D": return .complement([.categories(ScalarSet.categories("Nd") ?? 0)])
    case "n": return .range(10...10)
    case "r": return .range(13...13)
    case "t": return .range(9...9)
    case "f": return .range(12...12)
    case "v": return .range(11...11)
    case "p": return try property()
    case "P": return .complement([try property()])
    case "u": return try code(digits: 4)
    case "x": return try code(digits: 2)
    default:
      guard scalar.value < 128, !scalar.properties.isAlphabetic,
        scalar.properties.numericType == nil
      else { throw unsupported("the escape '\\\(scalar)'") }
      return .range(scalar.value...scalar.value)
    }
  }

  mutating func property() throws(TokenizerError) -> ScalarSet.Item {
    var name = ""
    if take("{") {
      while let scalar = next, scalar != "}" {
        name.unicodeScalars.append(scalar)
        position += 1
      }
      guard take("}") else { throw unsupported("a missing '}'") }
    } else if let scalar = next {
      name = String(scalar)
      position += 1
    }
    if let mask = ScalarSet.categories(name) { return .categories(mask) }
    throw unsupported("the character property '\(name)'")
  }

  mutating func code(digits: Int) throws(TokenizerError) -> ScalarSet.Item {
    var text = ""
    if take("{") {
      while let scalar = next, scalar != "}", text.utf8.count < 8 {
        text.unicodeScalars.append(scalar)
        position += 1
      }
      guard take("}") else { throw unsupported("a missing '}'") }
    } else {
      for scalar in scalars[position...].prefix(digits) { text.unicodeScalars.append(scalar) }
      position += min(digits, scalars.count - position)
    }
    guard let value = UInt32(text, radix: 16), Unicode.Scalar(value) != nil else {
      throw unsupported("the character code '\(text)'")
    }
    return .range(value...value)
  }
}
