// SPDX-License-Identifier: Apache-2.0

import Fixtures
import Models
import TestSupport
import Testing
import Tokenizers
import Verification

struct ComparisonTests {
  private static func open(_ name: String) throws -> Model {
    try Model(path: Fixtures.path(name), library: try DeclarationLibrary())
  }

  @Test("a model compared with itself loses nothing", arguments: ["mm1-tiny", "llava-tiny"])
  func itself(name: String) throws {
    let model = try ComparisonTests.open(name)
    var options = Comparison.Options()
    options.sampleLimit = 5
    let report = try Comparison(reference: model, candidate: model, options: options)
      .run(on: try Dataset(path: Fixtures.path("\(name)/evaluation/data.jsonl")))
    #expect(report.images.count > 0)
    #expect(report.text.count == 0)
    #expect(report.images.meanDivergence == 0)
    #expect(report.images.agreement == 1)
    #expect(report.sameAnswers == report.questionCount)
    #expect(report.questionCount == 5)
    #expect(report.reference.rightAnswers == report.candidate.rightAnswers)
    #expect(Gate.largestDivergence(0).failures(in: report).isEmpty)
    #expect(Gate.smallestAgreement(1).failures(in: report).isEmpty)
  }

  @Test("windows count every token of a text once", arguments: [2, 17, 64, 512, 100_000])
  func windows(window: Int) throws {
    let model = try ComparisonTests.open("stories260K")
    let folder = try TemporaryFolder()
    let text = String(repeating: "Once upon a time there was a small red ball. ", count: 12)
    let path = try folder.write(Array(text.utf8), to: "text.txt")
    var options = Comparison.Options()
    options.window = window
    let report = try Comparison(reference: model, candidate: model, options: options)
      .run(on: try Dataset(path: path))
    // This model begins each window with a token of its own, so that each other one is predicted.
    #expect(report.text.count == model.tokenizer.encode(text).count)
    #expect(report.images.count == 0)
  }

  @Test("models of other tokens are not compared")
  func vocabulary() throws {
    let (a, b) = (try ComparisonTests.open("mm1-tiny"), try ComparisonTests.open("stories260K"))
    #expect(throws: ModelError.self) {
      try Comparison(reference: a, candidate: b, options: .init())
    }
  }

  @Test("without an expected answer, the original's own is compared")
  func ownAnswer() throws {
    let model = try ComparisonTests.open("mm1-tiny")
    let folder = try TemporaryFolder()
    let image = Fixtures.path("mm1-tiny/evaluation/images/000.png")
    let line = #"{"image": "\#(image)", "prompt": "what color is the cross?"}"#
    let path = try folder.write(Array(line.utf8), to: "data.jsonl")
    let report = try Comparison(reference: model, candidate: model, options: .init())
      .run(on: try Dataset(path: path))
    #expect(report.questionCount == 0)
    #expect(report.images.count > 0)
  }
}
