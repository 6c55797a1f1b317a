// SPDX-License-Identifier: Apache-2.0

import Notation
import Testing

@testable import Tokenizers

struct WordsTests {
  @Test(arguments: ["gpt-2", "llama-bpe", "qwen2", "gpt-4o"])
  func wordsEqualThoseOfTheReference(name: String) throws {
    let rows = try Goldens.rows(name + ".words.json")
    let expression = try #require(rows.first?.array?.first?.string)
    let entry = try #require(PreTokenizers.entries.first { $0.names.contains(name) })
    #expect(entry.patterns == [expression])
    let pattern = try Pattern(expression, source: name)
    for row in rows.dropFirst() {
      let expected = try #require(row.array).compactMap { $0.string.map { Array($0.utf8) } }
      var words = Words(expected.flatMap(\.self))
      try words.split(by: pattern, .isolated, isInverted: false)
      #expect(words.ranges.map { Array(words.text[$0]) } == expected)
    }
  }

  @Test(arguments: [
    ("Isolated", ["a", "-", "-", "b", "-"]), ("Removed", ["a", "b"]),
    ("MergedWithPrevious", ["a-", "-", "b-"]), ("MergedWithNext", ["a", "-", "-b", "-"]),
    ("Contiguous", ["a", "--", "b", "-"]),
  ])
  func behaviorSaysWhereMatchesGo(name: String, expected: [String]) throws {
    var words = Words(Array("a--b-".utf8))
    let behavior = try #require(Words.Behavior(rawValue: name))
    try words.split(by: Pattern("-", source: ""), behavior, isInverted: false)
    #expect(words.ranges.map { String(decoding: words.text[$0], as: UTF8.self) } == expected)
  }

  @Test(arguments: [
    ("Whitespace", ["aé", "1", "²", "_x\u{200D}y", ",", "z", "!?", "ⅷ\u{301}", "-"]),
    ("WhitespaceSplit", ["aé", "1²", "_x\u{200D}y,", "z!?", "ⅷ\u{301}-"]),
    ("Punctuation", ["aé 1² ", "_", "x\u{200D}y", ",", " z", "!", "?", " ⅷ\u{301}", "-"]),
    ("Digits", ["aé ", "1²", " _x\u{200D}y, z!? ", "ⅷ", "\u{301}-"]),
    ("BertPreTokenizer", ["aé", "1²", "_", "x\u{200D}y", ",", "z", "!", "?", "ⅷ\u{301}", "-"]),
  ])
  func preTokenizersCutAsThoseOfTheReference(name: String, expected: [String]) throws {
    let root = JSON.object(.init(["pre_tokenizer": .object(.init(["type": .string(name)]))]))
    let pipeline = try PipelineReader(path: "test").read(root).pipeline
    let words = try pipeline.words(
      of: Array("aé 1² _x\u{200D}y, z!? ⅷ\u{301}-".utf8), isFirst: true)
    let parts = words.ranges.map { String(decoding: words.text[$0], as: UTF8.self) }
    #expect(parts.map { Array($0.utf8) } == expected.map { Array($0.utf8) })
  }
}
