// SPDX-License-Identifier: Apache-2.0

/// A JSON text that breaks RFC 8259, or a rule that this reader adds: no duplicate keys, bounded
/// depth, valid UTF-8.
package struct JSONError: Error, CustomStringConvertible, Sendable {
  /// Where the text went wrong, in bytes from its start.
  package let byteOffset: Int
  package let reason: String

  package var description: String { "byte \(byteOffset): \(reason)" }
}

extension JSON {
  /// The deepest nesting that is read.
  package static let maximumDepth = 128

  /// Reads a whole text strictly: one value, nothing after it but white space.
  ///
  /// - Throws: ``JSONError`` with the byte where it went wrong.
  /// - Source: RFC 8259; duplicate keys are refused, as safetensors demands.
  package init(parsing bytes: UnsafeRawBufferPointer) throws(JSONError) {
    var reader = JSONReader(bytes: bytes)
    self = try reader.document()
  }

  package init(parsing text: String) throws(JSONError) {
    var text = text
    let result: Result<JSON, JSONError> = text.withUTF8 { bytes in
      do throws(JSONError) {
        return .success(try JSON(parsing: UnsafeRawBufferPointer(bytes)))
      } catch { return .failure(error) }
    }
    self = try result.get()
  }
}

private struct JSONReader {
  static let digits = UInt8(ascii: "0")...UInt8(ascii: "9")

  let bytes: UnsafeRawBufferPointer
  var position = 0
  var depth = 0

  init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  mutating func document() throws(JSONError) -> JSON {
    let value = try value()
    skipSpace()
    guard position == bytes.count else { throw error("expected the end of the text") }
    return value
  }

  func error(_ reason: String) -> JSONError { JSONError(byteOffset: position, reason: reason) }

  var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
      position += 1
    }
  }

  mutating func value() throws(JSONError) -> JSON {
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return try object()
    case UInt8(ascii: "["): return try array()
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try literal("true", .bool(true))
    case UInt8(ascii: "f"): return try literal("false", .bool(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    case let byte? where byte == UInt8(ascii: "-") || JSONReader.digits.contains(byte):
      return try number()
    case nil: throw error("the text ends where a value was expected")
    default: throw error("expected a value")
    }
  }

  mutating func literal(_ text: StaticString, _ value: JSON) throws(JSONError) -> JSON {
    let count = text.utf8CodeUnitCount
    guard position + count <= bytes.count else { throw error("expected \(text)") }
    for i in 0..<count where bytes[position + i] != text.utf8Start[i] {
      throw error("expected \(text)")
    }
    position += count
    return value
  }

  mutating func enter() throws(JSONError) {
    depth += 1
    guard depth <= JSON.maximumDepth else {
      throw error("nested deeper than \(JSON.maximumDepth) levels")
    }
    position += 1
    skipSpace()
  }

  mutating func object() throws(JSONError) -> JSON {
    try enter()
    defer { depth -= 1 }
    var object = JSON.Object()
    if next == UInt8(ascii: "}") {
      position += 1
      return .object(object)
    }
    while true {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw error("expected a key in quotes") }
      let start = position
      let key = try string()
      guard object[key] == nil else {
        throw JSONError(byteOffset: start, reason: "the key '\(key)' stands here twice")
      }
      skipSpace()
      guard next == UInt8(ascii: ":") else { throw error("expected ':' after a key") }
      position += 1
      object[key] = try value()
      skipSpace()
      switch next {
      case UInt8(ascii: ","): position += 1
      case UInt8(ascii: "}"):
        position += 1
        return .object(object)
      default: throw error("expected ',' or '}'")
      }
    }
  }

  mutating func array() throws(JSONError) -> JSON {
    try enter()
    defer { depth -= 1 }
    var elements: [JSON] = []
    if next == UInt8(ascii: "]") {
      position += 1
      return .array(elements)
    }
    while true {
      elements.append(try value())
      skipSpace()
      switch next {
      case UInt8(ascii: ","): position += 1
      case UInt8(ascii: "]"):
        position += 1
        return .array(elements)
      default: throw error("expected ',' or ']'")
      }
    }
  }

  mutating func number() throws(JSONError) -> JSON {
    let start = position
    var isInteger = true
    if next == UInt8(ascii: "-") { position += 1 }
    if next == UInt8(ascii: "0") {
      position += 1
    } else {
      try digits()
    }
    if next == UInt8(ascii: ".") {
      isInteger = false
      position += 1
      try digits()
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      isInteger = false
      position += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
      try digits()
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isInteger, let value = Int(text) { return .integer(value) }
    guard let value = Double(text), value.isFinite else {
      throw JSONError(byteOffset: start, reason: "the number \(text) is out of range")
    }
    return .number(value)
  }

  mutating func digits() throws(JSONError) {
    let start = position
    while let byte = next, JSONReader.digits.contains(byte) { position += 1 }
    guard position > start else { throw error("expected a digit") }
  }

  mutating func string() throws(JSONError) -> String {
    position += 1
    let start = position
    while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 {
      position += 1
    }
    if next == UInt8(ascii: "\"") {
      let text = try utf8(bytes[start..<position], at: start)
      position += 1
      return text
    }
    var unescaped = Array(bytes[start..<position])
    while true {
      guard let byte = next else { throw error("the text ends inside a string") }
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return try utf8(unescaped, at: start)
      case UInt8(ascii: "\\"): try escape(into: &unescaped)
      case 0..<0x20:
        position -= 1
        throw error("a control character stands unescaped in a string")
      default: unescaped.append(byte)
      }
    }
  }

  func utf8(_ units: some Collection<UInt8>, at start: Int) throws(JSONError) -> String {
    guard let text = String(validating: units, as: UTF8.self) else {
      throw JSONError(byteOffset: start, reason: "a string is not valid UTF-8")
    }
    return text
  }

  mutating func escape(into units: inout [UInt8]) throws(JSONError) {
    guard let byte = next else { throw error("the text ends inside a string") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): units.append(byte)
    case UInt8(ascii: "b"): units.append(0x08)
    case UInt8(ascii: "f"): units.append(0x0C)
    case UInt8(ascii: "n"): units.append(0x0A)
    case UInt8(ascii: "r"): units.append(0x0D)
    case UInt8(ascii: "t"): units.append(0x09)
    case UInt8(ascii: "u"):
      var code = UInt32(try hexadecimal())
      if (0xD800..<0xDC00).contains(code), next == UInt8(ascii: "\\") {
        position += 1
        guard next == UInt8(ascii: "u") else { throw error("expected the second surrogate") }
        position += 1
        let low = UInt32(try hexadecimal())
        guard (0xDC00..<0xE000).contains(low) else { throw error("expected a low surrogate") }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else {
        throw error("a lone surrogate is no character")
      }
      units.append(contentsOf: UTF8.encode(scalar).map { Array($0) } ?? [])
    default:
      position -= 1
      throw error("an unknown escape in a string")
    }
  }

  mutating func hexadecimal() throws(JSONError) -> UInt16 {
    guard position + 4 <= bytes.count,
      bytes[position] != UInt8(ascii: "+"), bytes[position] != UInt8(ascii: "-"),
      let value = UInt16(
        String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
    else { throw error("expected four hexadecimal digits") }
    position += 4
    return value
  }
}
