// SPDX-License-Identifier: Apache-2.0

extension TemplateEvaluator {
  /// The value of `value.name(arguments)`.
  mutating func method(
    _ name: String, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TokenizerError) -> TemplateValue {
    switch value {
    case .string(let text): return try method(name, text, arguments)
    case .mapping(let mapping):
      switch name {
      case "items":
        var pairs: [TemplateValue] = []
        for (key, value) in mapping.entries { pairs.append(try made([.string(key), value])) }
        return try made(pairs)
      case "keys": return try made(mapping.entries.map { .string($0.key) })
      case "values": return try made(mapping.entries.map(\.value))
      case "get":
        return arguments[0, "key"]?.string.flatMap { mapping[$0] } ?? arguments[1, "default"]
          ?? .none
      default: break
      }
    case .list(let list):
      guard let wanted = arguments.positional.first else { break }
      if name == "count" || name == "index" {
        for (place, element) in list.elements.enumerated() where name == "index" {
          if try equal(element, wanted) { return .integer(place) }
        }
        guard name == "count" else { throw error("index: the list has no such element") }
        var count = 0
        for element in list.elements where try equal(element, wanted) { count += 1 }
        return .integer(count)
      }
    case .undefined(let what): throw error("\(what) is undefined, so it has no '\(name)'")
    default: break
    }
    throw error("\(value.typeName) has no method '\(name)' that is supported")
  }

  private mutating func method(
    _ name: String, _ text: String, _ arguments: TemplateArguments
  ) throws(TokenizerError) -> TemplateValue {
    try spend(1 + text.utf8.count / 16)
    switch name {
    case "strip", "lstrip", "rstrip":
      let letters = arguments[0, "chars"]?.string.map { Set($0.unicodeScalars) }
      return try made(
        Self.strip(
          text, letters, left: name != "rstrip", right: name != "lstrip"))
    case "upper": return try made(text.uppercased())
    case "lower": return try made(text.lowercased())
    case "title": return try made(Self.title(text))
    case "capitalize":
      let first = text.unicodeScalars.prefix(1)
      return try made(
        first.map(\.properties.titlecaseMapping).joined()
          + String(text.unicodeScalars.dropFirst()).lowercased())
    case "startswith", "endswith":
      return .bool(
        try affixes(arguments).contains { affix in
          name == "startswith"
            ? text.utf8.starts(with: affix.utf8)
            : text.utf8.reversed().starts(with: affix.utf8.reversed())
        })
    case "removeprefix", "removesuffix":
      let affix = try string(0, "affix", arguments, name)
      if name == "removeprefix" {
        return try made(
          text.utf8.starts(with: affix.utf8)
            ? String(decoding: text.utf8.dropFirst(affix.utf8.count), as: UTF8.self) : text)
      }
      return try made(
        text.utf8.reversed().starts(with: affix.utf8.reversed())
          ? String(decoding: text.utf8.dropLast(affix.utf8.count), as: UTF8.self) : text)
    case "replace":
      let count = arguments[2, "count"]?.int ?? -1
      return try replace(
        text, try string(0, "old", arguments, name), try string(1, "new", arguments, name),
        count: count < 0 ? .max : count)
    case "split", "rsplit": return try split(text, arguments, fromEnd: name == "rsplit")
    case "splitlines":
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      return try made(
        (text.hasSuffix("\n") || text.isEmpty ? lines.dropLast() : lines[...])
          .map { .string(String($0)) })
    case "find", "count":
      let part = Array(try string(0, "sub", arguments, name).utf8)
      let whole = Array(text.utf8)
      if name == "count" { return .integer(Self.places(of: part, in: whole, limit: .max).count) }
      return .integer(
        Self.find(part, in: whole[...]).map {
          String(decoding: whole[..<$0], as: UTF8.self).unicodeScalars.count
        } ?? -1)
    case "join":
      var list = TemplateArguments()
      list.positional = [.string(text)]
      return try filter("join", arguments.positional.first ?? .none, list)
    case "isdigit", "isalpha", "isspace", "isupper", "islower":
      return .bool(!text.isEmpty && text.unicodeScalars.allSatisfy { Self.isOf(name, $0) })
    default: throw error("str has no method '\(name)' that is supported")
    }
  }

  private static func isOf(_ name: String, _ scalar: Unicode.Scalar) -> Bool {
    switch name {
    case "isdigit":
      scalar.properties.numericType == .decimal || scalar.properties.numericType == .digit
    case "isalpha": scalar.isLetter
    case "isspace": scalar.properties.isWhitespace
    case "isupper": scalar.properties.isUppercase
    default: scalar.properties.isLowercase
    }
  }

  private func string(
    _ place: Int, _ label: String, _ arguments: TemplateArguments, _ name: String
  ) throws(TokenizerError) -> String {
    guard let text = arguments[place, label]?.string else {
      throw error("\(name): expected a string as argument \(place + 1)")
    }
    return text
  }

  /// The argument of `startswith`: a string or several.
  private func affixes(_ arguments: TemplateArguments) throws(TokenizerError) -> [String] {
    if case .list(let list) = arguments.positional.first {
      return list.elements.compactMap(\.string)
    }
    return [try string(0, "prefix", arguments, "startswith")]
  }

  static func strip(
    _ text: String, _ letters: Set<Unicode.Scalar>?, left: Bool, right: Bool
  ) -> String {
    func goes(_ scalar: Unicode.Scalar) -> Bool {
      // Python also strips the separators U+001C to U+001F.
      letters?.contains(scalar)
        ?? (scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value))
    }
    var scalars = text.unicodeScalars[...]
    if left { scalars = scalars.drop(while: goes) }
    if right { while let last = scalars.last, goes(last) { scalars.removeLast() } }
    return String(scalars)
  }

  /// Python's `title`: a capital at the start of each run of letters.
  private static func title(_ text: String) -> String {
    var result = ""
    var isInside = false
    for scalar in text.unicodeScalars {
      let isCased = scalar.properties.isCased
      result +=
        isInside && isCased
        ? scalar.properties.lowercaseMapping : scalar.properties.titlecaseMapping
      isInside = isCased
    }
    return result
  }

  /// Where a part stands, without overlaps.
  private static func places(of part: [UInt8], in text: [UInt8], limit: Int) -> [Int] {
    var places: [Int] = []
    var start = 0
    while !part.isEmpty, places.count < limit, let place = find(part, in: text[start...]) {
      places.append(place)
      start = place + part.count
    }
    return places
  }

  private mutating func replace(
    _ text: String, _ old: String, _ new: String, count: Int
  ) throws(TokenizerError) -> TemplateValue {
    let (bytes, part, replacement) = (Array(text.utf8), Array(old.utf8), Array(new.utf8))
    guard !part.isEmpty else { throw error("replace: expected something to replace") }
    let places = Self.places(of: part, in: bytes, limit: count)
    let (growth, overflows) = replacement.count.multipliedReportingOverflow(by: places.count)
    guard !overflows, growth + bytes.count <= Self.maximumLength else {
      throw error("replace: a string of more than \(Self.maximumLength) bytes")
    }
    var result: [UInt8] = []
    var start = 0
    for place in places {
      result += bytes[start..<place]
      result += replacement
      start = place + part.count
    }
    result += bytes[start...]
    return try made(String(decoding: result, as: UTF8.self))
  }

  private mutating func split(
    _ text: String, _ arguments: TemplateArguments, fromEnd: Bool
  ) throws(TokenizerError) -> TemplateValue {
    let limit = arguments[1, "maxsplit"]?.int ?? -1
    let count = limit < 0 ? Int.max : limit
    guard let separator = arguments[0, "sep"]?.string else {
      var words = text.unicodeScalars.split(whereSeparator: \.properties.isWhitespace)
        .map { TemplateValue.string(String($0)) }
      guard words.count > count else { return try made(words) }
      guard !fromEnd else { throw error("rsplit: expected a separator with a limit") }
      let kept = text.unicodeScalars.split(
        maxSplits: count, whereSeparator: \.properties.isWhitespace)
      words = kept.map { .string(Self.strip(String($0), nil, left: true, right: false)) }
      return try made(words)
    }
    let (bytes, part) = (Array(text.utf8), Array(separator.utf8))
    guard !part.isEmpty else { throw error("split: expected a separator") }
    var places = Self.places(of: part, in: bytes, limit: fromEnd ? .max : count)
    if fromEnd { places = places.suffix(count) }
    var parts: [TemplateValue] = []
    var start = 0
    for place in places + [bytes.count] {
      parts.append(.string(String(decoding: bytes[start..<place], as: UTF8.self)))
      start = place + part.count
    }
    return try made(parts)
  }
}
