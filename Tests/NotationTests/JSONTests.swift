// SPDX-License-Identifier: Apache-2.0

import Notation
import Testing

struct JSONTests {
  @Test("Keys that differ only in their Unicode form are two keys")
  func exactKeys() throws {
    let object = try #require(try JSON(parsing: #"{"\u00e9": 1, "e\u0301": 2}"#).object)
    #expect(object.count == 2)
    #expect(object["\u{E9}"] == 1)
    #expect(object["e\u{301}"] == 2)
  }
}
