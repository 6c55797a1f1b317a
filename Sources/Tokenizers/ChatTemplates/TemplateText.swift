// SPDX-License-Identifier: Apache-2.0

extension TemplateEvaluator {
  /// A value as output shows it: Python's `str`.
  mutating func text(of value: TemplateValue) throws(TokenizerError) -> String {
    switch value {
    case .string(let text): return text
    case .undefined: return ""
    default: return try representation(of: value)
    }
  }

  /// A value as it stands inside a list: Python's `repr`.
  private mutating func representation(
    of value: TemplateValue
  ) throws(TokenizerError) -> String {
    try spend()
    switch value {
    case .undefined: return "Undefined"
    case .none: return "None"
    case .bool(let value): return value ? "True" : "False"
    case .integer(let value): return String(value)
    case .number(let value): return "\(value)"
    case .string(let text):
      try spend(text.utf8.count / 16)
      return Self.quoted(text)
    case .list(let list):
      var parts: [String] = []
      for element in list.elements { parts.append(try representation(of: element)) }
      return "[" + parts.joined(separator: ", ") + "]"
    case .mapping(let mapping):
      var parts: [String] = []
      for (key, value) in mapping.entries {
        parts.append(Self.quoted(key) + ": " + (try representation(of: value)))
      }
      return "{" + parts.joined(separator: ", ") + "}"
    case .namespace, .macro, .function: throw error("a \(value.typeName) has no text")
    }
  }

  private static func quoted(_ text: String) -> String {
    let quote: Unicode.Scalar =
      text.unicodeScalars.contains("'") && !text.unicodeScalars.contains("\"") ? "\"" : "'"
    var result = String.UnicodeScalarView([quote])
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n": result.append(contentsOf: "\\n".unicodeScalars)
      case "\r": result.append(contentsOf: "\\r".unicodeScalars)
      case "\t": result.append(contentsOf: "\\t".unicodeScalars)
      case "\\", quote:
        result.append("\\")
        result.append(scalar)
      default: result.append(scalar)
      }
    }
    result.append(quote)
    return String(result)
  }

  /// A value as JSON, spaced as Python's `json.dumps` does without escaping other than ASCII.
  mutating func json(
    of value: TemplateValue, indentation: Int?, level: Int = 0
  ) throws(TokenizerError) -> String {
    try spend()
    switch value {
    case .none: return "null"
    case .bool(let value): return value ? "true" : "false"
    case .integer(let value): return String(value)
    case .number(let value): return "\(value)"
    case .string(let text):
      try spend(text.utf8.count / 16)
      return Self.jsonString(text)
    case .list(let list):
      var parts: [String] = []
      for element in list.elements {
        parts.append(try json(of: element, indentation: indentation, level: level + 1))
      }
      return try enclosed(parts, "[", "]", indentation, level)
    case .mapping(let mapping):
      var parts: [String] = []
      for (key, value) in mapping.entries {
        let text = try json(of: value, indentation: indentation, level: level + 1)
        parts.append(Self.jsonString(key) + ": " + text)
      }
      return try enclosed(parts, "{", "}", indentation, level)
    case .undefined, .namespace, .macro, .function:
      throw error("tojson does not apply to \(value.typeName)")
    }
  }

  private mutating func enclosed(
    _ parts: [String], _ opening: String, _ closing: String, _ indentation: Int?, _ level: Int
  ) throws(TokenizerError) -> String {
    guard let indentation, !parts.isEmpty else {
      return opening + parts.joined(separator: ", ") + closing
    }
    try spend(parts.count * indentation * (level + 1) / 16)
    let outer = "\n" + String(repeating: " ", count: indentation * level)
    let inner = outer + String(repeating: " ", count: indentation)
    return opening + inner + parts.joined(separator: "," + inner) + outer + closing
  }

  private static func jsonString(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\u{8}": result += "\\b"
      case "\u{C}": result += "\\f"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
