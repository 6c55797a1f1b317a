// SPDX-License-Identifier: Apache-2.0

extension JSON {
  /// The value as JSON text, members in their order.
  ///
  /// - Parameter indented: Two spaces a level, one member a line; otherwise no white space.
  /// - Returns: Text that reads back as an equal value. Non-finite numbers become `null`.
  package func text(indented: Bool = false) -> String {
    var output = ""
    write(into: &output, indented: indented, level: 0)
    return output
  }

  private func write(into output: inout String, indented: Bool, level: Int) {
    switch self {
    case .null: output += "null"
    case .bool(let value): output += value ? "true" : "false"
    case .integer(let value): output += String(value)
    case .number(let value): output += value.isFinite ? "\(value)" : "null"
    case .string(let value): JSON.write(value, into: &output)
    case .array(let elements):
      let flat = elements.allSatisfy { $0.array == nil && $0.object == nil }
      JSON.list(elements, "[", "]", into: &output, indented: indented && !flat, level: level) {
        $0.write(into: &$1, indented: indented, level: level + 1)
      }
    case .object(let object):
      JSON.list(object.members, "{", "}", into: &output, indented: indented, level: level) {
        JSON.write($0.key, into: &$1)
        $1 += indented ? ": " : ":"
        $0.value.write(into: &$1, indented: indented, level: level + 1)
      }
    }
  }

  private static func list<Element>(
    _ elements: [Element], _ opening: String, _ closing: String, into output: inout String,
    indented: Bool, level: Int, write: (Element, inout String) -> Void
  ) {
    output += opening
    for (position, element) in elements.enumerated() {
      if position > 0 { output += indented ? "," : ", " }
      if indented { output += "\n" + String(repeating: "  ", count: level + 1) }
      write(element, &output)
    }
    if indented, !elements.isEmpty { output += "\n" + String(repeating: "  ", count: level) }
    output += closing
  }

  private static func write(_ string: String, into output: inout String) {
    output += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": output += "\\\""
      case "\\": output += "\\\\"
      case "\n": output += "\\n"
      case "\r": output += "\\r"
      case "\t": output += "\\t"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        output += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: output.unicodeScalars.append(scalar)
      }
    }
    output += "\""
  }
}
