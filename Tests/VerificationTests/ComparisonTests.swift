// SPDX-License-Identifier: Apache-2.0

import Fixtures
import LinearAlgebra
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
    let report = try Comparison(reference: model, candidates: [model], options: options)
      .run(on: try Dataset(path: Fixtures.path("\(name)/evaluation/data.jsonl")))[0]
    let images = try #require(report.group("images"))
    #expect(report.group("text") == nil)
    #expect(images.statistics.documentCount == 5)
    #expect(images.summary.meanDivergence == Estimate(0, interval: 0...0))
    #expect(images.summary.agreement == Estimate(1, interval: 1...1))
    #expect(report.answers.sameCount == 5 && report.answers.judged.count == 5)
    #expect(report.answers.referenceRightCount == report.answers.candidateRightCount)
    #expect(report.answers.lostCount == 0 && report.answers.medianParting == nil)
    #expect(report.vision.images.allSatisfy { $0.encoder.cosine == 1 && $0.connector.cosine == 1 })
    for gate in [
      Gate(.meanDivergence, 0), Gate(.p99Divergence, 0), Gate(.agreement, 1),
      Gate(.perplexityRatio, 1), Gate(.visionCosine, 1),
    ] {
      let outcomes = gate.outcomes(in: report)
      #expect(!outcomes.isEmpty && outcomes.allSatisfy(\.isKept), "\(gate)")
    }
  }

  @Test("prompts and answers, with an image and without, never mix")
  func groups() throws {
    let model = try ComparisonTests.open("llava-tiny")
    let folder = try TemporaryFolder()
    let image = Fixtures.path("llava-tiny/evaluation/images/000.png")
    let text = "a red circle is at the left."
    let lines = [
      #"{"image": "\#(image)", "prompt": "what is at the left?", "answer": "a red circle."}"#,
      #"{"text": "\#(text)"}"#,
    ].joined(separator: "\n")
    let path = try folder.write(Array(lines.utf8), to: "data.jsonl")
    let report = try Comparison(reference: model, candidates: [model], options: .init())
      .run(on: try Dataset(path: path))[0]
    let counts = Dictionary(
      uniqueKeysWithValues: report.groups.map { ($0.name, $0.statistics.count) })
    let answer = try PromptBuilder(model).tokens(answer: "a red circle.").count
    let prompt = try PromptBuilder(model)
      .tokens(
        question: "what is at the left?",
        images: [
          ImageEmbedding(matrix: Matrix(rows: 1, columns: 1), grid: Grid(rows: 1, columns: 1))
        ])
    let imageToken = try #require(model.architecture.imageToken)
    let place = try #require(prompt.firstIndex(of: imageToken))
    #expect(counts["images"] == answer)
    #expect(counts["image prompts"] == prompt.count - place - 1)
    #expect(counts["prompts"] ?? 0 == max(0, place - 1))
    #expect(try counts["text"] == model.tokenizer.encode(text).count)
    #expect(report.groups.filter(\.isGated).map(\.name).sorted() == ["images", "text"])
  }

  @Test("windows count every token of a text once", arguments: [2, 17, 64, 512, 100_000])
  func windows(window: Int) throws {
    let model = try ComparisonTests.open("stories260K")
    let folder = try TemporaryFolder()
    let text = String(repeating: "Once upon a time there was a small red ball. ", count: 12)
    let path = try folder.write(Array(text.utf8), to: "text.txt")
    var options = Comparison.Options()
    options.window = window
    let report = try Comparison(reference: model, candidates: [model], options: options)
      .run(on: try Dataset(path: path))[0]
    // This model begins each window with a token of its own, so that each other one is predicted.
    #expect(try report.group("text")?.statistics.count == model.tokenizer.encode(text).count)
    #expect(report.groups.count == 1)
  }

  @Test("models of other tokens are not compared")
  func vocabulary() throws {
    let (a, b) = (try ComparisonTests.open("mm1-tiny"), try ComparisonTests.open("stories260K"))
    #expect(throws: ModelError.self) {
      try Comparison(reference: a, candidates: [b], options: .init())
    }
  }

  @Test("without an expected answer, the original's own is compared")
  func ownAnswer() throws {
    let model = try ComparisonTests.open("mm1-tiny")
    let folder = try TemporaryFolder()
    let image = Fixtures.path("mm1-tiny/evaluation/images/000.png")
    let line = #"{"image": "\#(image)", "prompt": "what color is the cross?"}"#
    let path = try folder.write(Array(line.utf8), to: "data.jsonl")
    let report = try Comparison(reference: model, candidates: [model], options: .init())
      .run(on: try Dataset(path: path))[0]
    #expect(report.answers.judged.isEmpty && report.answers.answers.count == 1)
    #expect((report.group("images")?.statistics.count ?? 0) > 0)
  }
}
