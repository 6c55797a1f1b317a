// SPDX-License-Identifier: Apache-2.0

extension TemplateEvaluator {
  /// The value of `value | name(arguments)`.
  mutating func filter(
    _ name: String, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TokenizerError) -> TemplateValue {
    switch name {
    case "default", "d":
      let standard = arguments[0, "default_value"] ?? ""
      if case .undefined = value { return standard }
      let replacesFalse = arguments[1, "boolean"]?.isTrue ?? false
      return replacesFalse && !value.isTrue ? standard : value
    case "length", "count": return .integer(try length(of: value))
    case "first": return try elements(of: value).first ?? .undefined("the first element")
    case "last": return try elements(of: value).last ?? .undefined("the last element")
    case "list": return try made(try elements(of: value))
    case "reverse":
      if let text = value.string {
        return try made(String(String.UnicodeScalarView(text.unicodeScalars.reversed())))
      }
      return try made(try elements(of: value).reversed())
    case "join": return try join(value, arguments)
    case "items":
      guard case .mapping = value else { return try made([TemplateValue]()) }
      return try method("items", value, .init())
    case "dictsort":
      guard case .mapping(let mapping) = value else { throw misfit(name, value) }
      let sorted = mapping.entries.sorted { $0.key.lowercased() < $1.key.lowercased() }
      return try method("items", try made(sorted), .init())
    case "tojson":
      let indentation = arguments[0, "indent"]?.int.map { min(max($0, 0), 16) }
      return try made(try json(of: value, indentation: indentation))
    case "string": return try made(try text(of: value))
    case "safe": return value
    case "int", "float", "abs", "round": return try number(name, value, arguments)
    case "map", "select", "reject", "selectattr", "rejectattr":
      return try filterElements(name, value, arguments)
    case "unique": return try unique(value)
    case "trim": return try method("strip", .string(try text(of: value)), arguments)
    case "upper", "lower", "title", "capitalize", "replace":
      return try method(name, .string(try text(of: value)), arguments)
    case "indent": return try indent(value, arguments)
    default: throw error("the filter '\(name)' is not supported")
    }
  }

  private func misfit(_ name: String, _ value: TemplateValue) -> TokenizerError {
    error("'\(name)' does not apply to \(value.typeName)")
  }

  private func length(of value: TemplateValue) throws(TokenizerError) -> Int {
    switch value {
    case .string(let text): return text.unicodeScalars.count
    case .list(let list): return list.elements.count
    case .mapping(let mapping): return mapping.entries.count
    case .undefined: return 0
    default: throw misfit("length", value)
    }
  }

  private mutating func join(
    _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TokenizerError) -> TemplateValue {
    var values = try elements(of: value)
    if let attribute = arguments[1, "attribute"]?.string {
      for i in values.indices { values[i] = try self.attribute(attribute, of: values[i]) }
    }
    let separator = try arguments[0, "d"].map { value throws(TokenizerError) in
      try text(of: value)
    }
    var result = ""
    for (i, value) in values.enumerated() {
      if i > 0 { result += separator ?? "" }
      result += try text(of: value)
      guard result.utf8.count <= Self.maximumLength else { break }
    }
    return try made(result)
  }

  private func number(
    _ name: String, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TokenizerError) -> TemplateValue {
    let spelled = value.string.flatMap { Double($0.filter { !$0.isWhitespace }) }
    let double = value.double ?? spelled
    switch name {
    case "int":
      if let int = value.int ?? value.string.flatMap({ Int($0) }) { return .integer(int) }
      return double.flatMap { Int(exactly: $0.rounded(.towardZero)) }.map { .integer($0) }
        ?? arguments[0, "default"] ?? .integer(0)
    case "float": return double.map { .number($0) } ?? arguments[0, "default"] ?? .number(0)
    case "abs":
      if let int = value.int, int != .min { return .integer(abs(int)) }
      guard let double = value.double else { throw misfit(name, value) }
      return .number(abs(double))
    default:
      guard let double = value.double, arguments[0, "precision"]?.int ?? 0 == 0 else {
        throw misfit(name, value)
      }
      return .number(double.rounded(.toNearestOrEven))
    }
  }

  private mutating func filterElements(
    _ name: String, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TokenizerError) -> TemplateValue {
    var rest = arguments
    let attribute = rest.named.first { $0.key == "attribute" }?.value.string
    let usesAttribute = name.hasSuffix("attr")
    let word =
      attribute == nil && !rest.positional.isEmpty ? rest.positional.removeFirst().string : nil
    var predicate = word
    if usesAttribute {
      predicate = rest.positional.isEmpty ? nil : rest.positional.removeFirst().string
    }
    var result: [TemplateValue] = []
    for element in try elements(of: value) {
      try spend()
      if name == "map" {
        if let attribute {
          let found = try self.attribute(attribute, of: element)
          if case .undefined = found, let standard = arguments[1, "default"] {
            result.append(standard)
          } else {
            result.append(found)
          }
        } else if let word {
          result.append(try filter(word, element, rest))
        } else {
          throw error("map: expected a filter or an attribute")
        }
        continue
      }
      let subject = usesAttribute ? try self.attribute(word ?? "", of: element) : element
      let holds = try predicate.map { name throws(TokenizerError) in
        try test(name, subject, rest)
      }
      if (holds ?? subject.isTrue) == name.hasPrefix("select") { result.append(element) }
    }
    return try made(result)
  }

  private mutating func unique(_ value: TemplateValue) throws(TokenizerError) -> TemplateValue {
    var result: [TemplateValue] = []
    for element in try elements(of: value) {
      var isKnown = false
      for other in result where try equal(other, element) { isKnown = true }
      if !isKnown { result.append(element) }
    }
    return try made(result)
  }

  private mutating func indent(
    _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TokenizerError) -> TemplateValue {
    let width = min(max(arguments[0, "width"]?.int ?? 4, 0), 64)
    let indentsFirst = arguments[1, "first"]?.isTrue ?? false
    let indentsBlank = arguments[2, "blank"]?.isTrue ?? false
    let space = String(repeating: " ", count: width)
    let lines = try text(of: value).split(separator: "\n", omittingEmptySubsequences: false)
    try spend(lines.count)
    let indented = lines.enumerated().map { i, line in
      (i == 0 ? indentsFirst : indentsBlank || !line.isEmpty) ? space + line : String(line)
    }
    return try made(indented.joined(separator: "\n"))
  }
}
