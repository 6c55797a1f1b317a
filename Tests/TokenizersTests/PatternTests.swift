// SPDX-License-Identifier: Apache-2.0

import Notation
import Testing

@testable import Tokenizers

struct PatternTests {
  private static func parts(_ text: [UInt8], _ expression: String) throws -> [[UInt8]] {
    var words = Words(text)
    words.split(by: try Pattern(expression, source: "test"), .isolated, isInverted: false)
    return words.ranges.map { Array(words.text[$0]) }
  }

  @Test func everyPartOfThePatternsMeansWhatItMeansInTheReference() throws {
    for row in try Goldens.rows("patterns.json") {
      let strings = try #require(row.array).compactMap(\.string)
      let expected = strings.dropFirst().map { Array($0.utf8) }
      let parts = try Self.parts(expected.flatMap(\.self), strings[0])
      #expect(parts == expected, "\(strings[0])")
    }
  }

  @Test(arguments: [
    "[a[bc]]", "[a&&b]", "[]a]", "[a", "(?m:.)", "(?R)", "(*UTF)a", #"\h"#, #"\Qa\E"#, #"\K"#,
    #"\pL"#, #"\p{No_Such}"#, #"\p{L"#, #"\x{110000}"#, #"\x4"#, #"\"#, "a)", "*", "(?<=a*)b",
    "a{2,1}",
    #"[\W]"#,
  ])
  func whatTheTwoDialectsUnderstandDifferentlyIsRefused(expression: String) {
    #expect(throws: TokenizerError.self) { try Pattern(expression, source: "test") }
  }

  @Test(arguments: ["(a*)*b", "(a|aa)+b", "(a|a)*b", "(?:a?){30}a{30}b", "((a+)+)+$|b"])
  func aPatternThatBlowsUpGivesUpAndLosesNoText(expression: String) throws {
    let text = [UInt8](repeating: UInt8(ascii: "a"), count: 3000) + Array("c".utf8)
    let clock = ContinuousClock()
    var parts: [[UInt8]] = []
    let time = try clock.measure { parts = try Self.parts(text, expression) }
    #expect(parts.flatMap(\.self) == text)
    #expect(time < .seconds(20))
  }

  @Test func longRunsNeedNoDeepStack() throws {
    let text = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)
    for expression in ["(?:a|b)+", "(a)*", "a+", #"\s+(?!\S)|\s+|\w+"#] {
      #expect(try Self.parts(text, expression).flatMap(\.self) == text)
    }
  }
}
