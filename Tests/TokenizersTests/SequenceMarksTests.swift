// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Notation
import Testing
import TestSupport

@testable import Tokenizers

struct SequenceMarksTests {
  private static func tokenizer(_ json: String, config: String? = nil) throws -> any Tokenizer {
    let folder = try TemporaryFolder()
    try folder.write(json.utf8, to: "tokenizer.json")
    if let config { try folder.write(config.utf8, to: "tokenizer_config.json") }
    return try TokenizerFiles.load(folder: folder.path)
  }

  @Test func postProcessorsPutAroundATextWhatThoseOfTheReferenceDo() throws {
    let rows = try Goldens.rows("post-processors.json")
    #expect(rows.count > 20)
    for row in rows {
      let processor = row["processor"] ?? .null
      // Without ids, the reference fails; where the text stands twice or not at all, nothing is
      // around it.
      let ids = row["ids"]?.array.map { $0.map(\.integer) }
      guard let ids, ids.count(where: { $0 == nil }) == 1, let place = ids.firstIndex(of: nil)
      else {
        let error = #expect(throws: TokenizerError.self, "\(processor.text())") {
          try SequenceMarks(processor, path: "file")
        }
        #expect(error?.description.contains("post_processor") ?? false)
        continue
      }
      let marks = try SequenceMarks(processor, path: "file")
      #expect(marks.before == ids[..<place].compactMap(\.self), "\(processor.text())")
      #expect(marks.after == ids[place...].compactMap(\.self), "\(processor.text())")
    }
  }

  @Test func severalPiecesBeginAndEndASequence() throws {
    let tokenizer = try Goldens.Model.wordLevel.tokenizer()
    #expect(tokenizer.beginning == [2] && tokenizer.end == [3, 0])
    #expect(try tokenizer.encodeSequence("") == [2, 3, 0])
  }

  private static let marked = """
    {"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "c": 2}, "merges": []},
     "post_processor": {"type": "TemplateProcessing", "single": [
       {"SpecialToken": {"id": "b"}}, {"Sequence": {"id": "A"}}, {"SpecialToken": {"id": "c"}}],
      "special_tokens": {"b": {"ids": [1, 0]}, "c": {"ids": [2]}}}}
    """

  @Test(
    arguments: [
      (nil, [1, 0], [2]),
      // The named ends of sequences are not what stands around a text.
      (#"{"bos_token": "a", "eos_token": "a"}"#, [1, 0], [2]),
      (#"{"bos_token": "a", "add_bos_token": true}"#, [0], [2]),
      (#"{"bos_token": "a", "add_bos_token": false}"#, [], [2]),
      (#"{"eos_token": "b", "add_eos_token": true}"#, [1, 0], [1]),
    ] as [(String?, [Int], [Int])])
  func flagsInTheSettingsCountMoreThanPostProcessors(
    config: String?, beginning: [Int], end: [Int]
  ) throws {
    let tokenizer = try Self.tokenizer(Self.marked, config: config)
    #expect(tokenizer.beginning == beginning)
    #expect(tokenizer.end == end)
  }

  @Test(arguments: [
    ("[2]", "[9]", "the id 9"), ("[2]", #"["x"]"#, "whole numbers"),
    ("\"single\"", "\"other\"", "single"),
    ("TemplateProcessing", "Oddity", "Oddity"), ("\"A\"", "\"C\"", "the sequence A"),
    (#"{"Sequence": {"id": "A"}}"#, "{}", "'Sequence' or a 'SpecialToken'"),
  ])
  func whatIsWrongIsNamed(old: String, new: String, name: String) {
    let json = Self.marked.replacing(old, with: new)
    let error = #expect(throws: TokenizerError.self) { try Self.tokenizer(json) }
    #expect(error?.description.contains(name) ?? false, "\(error?.description ?? "")")
  }
}
