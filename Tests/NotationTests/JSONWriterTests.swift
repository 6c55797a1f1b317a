// SPDX-License-Identifier: Apache-2.0

import Notation
import TestSupport
import Testing

struct JSONWriterTests {
  @Test("What is written reads back as an equal value", arguments: 0..<20)
  func roundTrip(_ seed: Int) throws {
    var random = SplitMix64(seed: UInt64(seed))
    for _ in 0..<20 {
      let value = Self.value(depth: 4, &random)
      #expect(try JSON(parsing: value.text()) == value)
      #expect(try JSON(parsing: value.text(indented: true)) == value)
    }
  }

  @Test("The compact form and the indented one are as expected")
  func forms() {
    let value: JSON = ["b": [1, 2.5, "x\u{1}\n"], "a": ["c": .null], "e": []]
    #expect(value.text() == #"{"b":[1, 2.5, "x\u0001\n"], "a":{"c":null}, "e":[]}"#)
    #expect(
      value.text(indented: true) == """
        {
          "b": [1, 2.5, "x\\u0001\\n"],
          "a": {
            "c": null
          },
          "e": []
        }
        """)
  }

  static func value(depth: Int, _ random: inout SplitMix64) -> JSON {
    switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &random) {
    case 0: return .null
    case 1: return .bool(Bool.random(using: &random))
    case 2: return .integer(Int(truncatingIfNeeded: random.next()))
    case 3:
      let number = Double(bitPattern: random.next())
      return .number(number.isFinite ? number : 0.5)
    case 4, 5: return .string(string(&random))
    case 6:
      return .array(
        (0..<Int.random(in: 0..<4, using: &random)).map { _ in value(depth: depth - 1, &random) })
    default:
      var object = JSON.Object()
      for _ in 0..<Int.random(in: 0..<4, using: &random) {
        object[string(&random)] = value(depth: depth - 1, &random)
      }
      return .object(object)
    }
  }

  static func string(_ random: inout SplitMix64) -> String {
    var string = String.UnicodeScalarView()
    for _ in 0..<Int.random(in: 0..<6, using: &random) {
      let limits: [UInt32] = [0x20, 0x80, 0x300, 0x3000, 0x11_0000]
      let limit = limits[Int.random(in: 0..<limits.count, using: &random)]
      if let scalar = Unicode.Scalar(UInt32.random(in: 0..<limit, using: &random)) {
        string.append(scalar)
      }
    }
    return String(string)
  }
}
