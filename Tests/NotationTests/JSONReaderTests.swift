// SPDX-License-Identifier: Apache-2.0

import Notation
import Testing

struct JSONReaderTests {
  struct Text: CustomTestStringConvertible, Sendable {
    let text: String
    let value: JSON
    var testDescription: String { text }

    init(_ text: String, _ value: JSON) {
      self.text = text
      self.value = value
    }
  }

  static let valid: [Text] = [
    Text(" null\n", .null),
    Text("true", true),
    Text("[false]", [false]),
    Text("0", 0),
    Text("-12", -12),
    Text("9223372036854775807", .integer(.max)),
    Text("-9223372036854775808", .integer(.min)),
    Text("9223372036854775808", .number(9_223_372_036_854_775_808)),
    Text("1.5e3", .number(1500)),
    Text("2.0", .number(2)),
    Text("{}", [:]),
    Text("[]", []),
    Text("[[ ] , { } ]", [[], [:]]),
    Text(#""""#, ""),
    Text(#""a\"\\\/\b\f\n\r\t\u00e9""#, "a\"\\/\u{8}\u{C}\n\r\t\u{E9}"),
    Text(#""\ud83d\ude00""#, "\u{1F600}"),
    Text(#""\u0000""#, "\u{0}"),
    Text(#"{"b":1,"a":[2,"x"]}"#, ["b": 1, "a": [2, "x"]]),
  ]

  @Test("Valid texts give their values", arguments: valid)
  func reads(_ text: Text) throws {
    #expect(try JSON(parsing: text.text) == text.value)
  }

  @Test("Members keep the order of the text")
  func order() throws {
    let object = try #require(try JSON(parsing: #"{"b":1,"a":2,"c":3}"#).object)
    #expect(object.keys == ["b", "a", "c"])
  }

  struct Broken: CustomTestStringConvertible, Sendable {
    let offset: Int
    let text: String
    var testDescription: String { text }

    init(_ offset: Int, _ text: String) {
      self.offset = offset
      self.text = text
    }
  }

  static let broken: [Broken] = [
    Broken(0, ""), Broken(2, "  "), Broken(0, "nul"), Broken(0, "x"), Broken(0, "NaN"),
    Broken(1, "01"), Broken(1, "-"), Broken(2, "1."), Broken(0, ".5"), Broken(2, "1e"),
    Broken(0, "+1"), Broken(0, "1e999"), Broken(2, "1 2"), Broken(1, "["), Broken(3, "[1,]"),
    Broken(2, "[1"), Broken(3, "[1 2]"), Broken(1, "{"), Broken(1, "{1:2}"),
    Broken(4, #"{"a"}"#), Broken(5, #"{"a":}"#), Broken(7, #"{"a":1,}"#),
    Broken(7, #"{"a":1,"a":2}"#), Broken(10, #"{"a":1,"b""#), Broken(2, #""a"#),
    Broken(2, "\"a\n\""), Broken(2, #""\x""#), Broken(3, #""\u12g4""#),
    Broken(7, #""\ud800""#), Broken(13, #""\ud800\u0041""#), Broken(7, #""\udc00""#),
    Broken(0, "\u{FEFF}1"),
  ]

  @Test("A broken text throws", arguments: broken)
  func refuses(_ broken: Broken) {
    let error = #expect(throws: JSONError.self) { try JSON(parsing: broken.text) }
    #expect(error?.byteOffset == broken.offset, "\(error?.description ?? "")")
  }

  @Test("Nesting is bounded, so that no text exhausts the stack")
  func depth() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    _ = try JSON(parsing: nested(JSON.maximumDepth))
    #expect(throws: JSONError.self) { try JSON(parsing: nested(JSON.maximumDepth + 1)) }
    #expect(throws: JSONError.self) { try JSON(parsing: nested(1_000_000)) }
  }

  @Test(
    "Bytes that are not UTF-8 are refused", arguments: [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80]])
  func invalidUTF8(_ units: [UInt8]) {
    let bytes = [0x22] + units + [0x22]
    bytes.withUnsafeBytes { bytes in
      let error = #expect(throws: JSONError.self) { try JSON(parsing: bytes) }
      #expect(error?.byteOffset == 1)
    }
  }
}
