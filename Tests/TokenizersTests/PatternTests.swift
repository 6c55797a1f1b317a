// SPDX-License-Identifier: Apache-2.0

import Notation
import TestSupport
import Testing

@testable import Tokenizers

struct PatternTests {
  private static func parts(_ text: [UInt8], _ expression: String) throws -> [[UInt8]] {
    var words = Words(text)
    try words.split(by: Pattern(expression, source: "test"), .isolated, isInverted: false)
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
    #"\G"#,
    #"\pL"#, #"\p{No_Such}"#, #"\p{L"#, #"\x{110000}"#, #"\x4"#, #"\"#, "a)", "*", "(?<=a*)b",
    "a{2,1}",
    #"[\W]"#,
  ])
  func whatTheTwoDialectsUnderstandDifferentlyIsRefused(expression: String) {
    #expect(throws: TokenizerError.self) { try Pattern(expression, source: "test") }
  }

  /// Without a letter that each match needs, PCRE2 would know at once that there is none.
  static let costly = [
    "(a*)*[bd]", "(a|aa)+[bd]", "(a|a)*[bd]", "(?:a?){30}a{30}[bd]", "((a+)+)+$|[bd]",
  ]

  @Test(arguments: costly)
  func aPatternThatBlowsUpIsGivenUpWithItsNameAndPlace(expression: String) throws {
    let text = Array("ü ".utf8) + [UInt8](repeating: UInt8(ascii: "a"), count: 3000)
    let clock = ContinuousClock()
    var error: TokenizerError?
    let time = clock.measure {
      error = #expect(throws: TokenizerError.self) {
        try Self.parts(text + Array("cb".utf8), expression)
      }
    }
    guard case .tooCostly("test", expression, let place) = error else {
      Issue.record("\(error?.description ?? "no error")")
      return
    }
    // At the first letter, or before it, if that is where the pattern already goes on.
    #expect(0...3 ~= place, "\(place)")
    #expect(error?.description.contains("byte \(place)") ?? false)
    #expect(time < .seconds(20))
  }

  @Test("a pattern that is slow at each place of a long text is given up in time")
  func slowEverywhere() throws {
    // Each place takes about 2^12 steps, which by itself would be little.
    let text = [UInt8](repeating: UInt8(ascii: "a"), count: 200_000) + Array("cb".utf8)
    let clock = ContinuousClock()
    let time = clock.measure {
      _ = #expect(throws: TokenizerError.self) {
        try Self.parts(text, "(?:a?){12}a{12}[bd]")
      }
    }
    #expect(time < .seconds(20), "\(time)")
  }

  @Test("a tokenizer.json with such a pattern ends in a sentence")
  func strangersFile() throws {
    let folder = try TemporaryFolder()
    try folder.write(
      #"""
      {"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}, "pre_tokenizer":
        {"type": "Split", "pattern": {"Regex": "(a|aa)+[bd]"}, "behavior": "Isolated"}}
      """#.utf8, to: "tokenizer.json")
    let tokenizer = try TokenizerFiles.load(folder: folder.path)
    #expect(try tokenizer.encode("aab") == [0, 0])
    let error = #expect(throws: TokenizerError.self) {
      try tokenizer.encode(String(repeating: "a", count: 500) + "cb")
    }
    let sentence = error?.description ?? ""
    #expect(sentence.contains("tokenizer.json: the pattern '(a|aa)+[bd]'"), "\(sentence)")
    #expect(sentence.contains("byte 0 of a text"))
  }

  @Test("long runs of one kind of character are cut by the usual patterns")
  func longRuns() throws {
    for pattern in [PreTokenizers.llama3, PreTokenizers.gpt4o, PreTokenizers.gpt2] {
      for letter in [" ", "A", "a", "9", "=", "\n", "你"] {
        let text = Array(String(repeating: letter, count: 100_000).utf8) + Array("x\n".utf8)
        #expect(try Self.parts(text, pattern).flatMap(\.self) == text)
      }
    }
  }

  @Test func longRunsNeedNoDeepStack() throws {
    let text = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)
    // These keep something for each letter: a million take more than is allowed.
    for expression in ["(?:a|b)+", "(a)*"] {
      #expect(throws: TokenizerError.self) { try Self.parts(text, expression) }
      #expect(try Self.parts(Array(text.prefix(100_000)), expression).count == 1)
    }
    for expression in ["a+", #"\s+(?!\S)|\s+|\w+"#] {
      #expect(try Self.parts(text, expression).flatMap(\.self) == text)
    }
  }
}
