// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Fixtures
import Models
import TestSupport
import Testing
import Tokenizers
import Verification

/// Models that give embeddings of texts, on the same texts.
struct EmbeddingComparisonTests {
  private static func open(_ path: String) throws -> Model {
    try Model(path: path, library: try DeclarationLibrary())
  }

  /// Texts of one word to five, no two the same.
  private static let texts = [
    "hello", "words", "hello words", "image", "end of the image", "a b c", "1 2 3", "w, w", "s < b",
    "words = 1 | 2", "he hell hello", "e", "the user", "image image", "1", "word end", "b",
    "i - t - e", "c d", "0.1",
  ]

  private static func data(
    _ lines: [String] = texts.map { #"{"text": "\#($0)"}"# }, in folder: TemporaryFolder
  ) throws -> Dataset {
    try Dataset(
      path: try folder.write(Array(lines.joined(separator: "\n").utf8), to: "data.jsonl"))
  }

  private static func compare(
    _ reference: Model, _ candidate: Model, on data: Dataset, window: Int = 512
  ) throws -> ComparisonReport {
    try #require(
      EmbeddingComparison(reference: reference, candidates: [candidate], window: window)
        .run(on: data).first)
  }

  @Test("a model compared with itself loses nothing")
  func itself() throws {
    let copy = try FixtureCopy(encoder: "bert")
    let model = try Self.open(copy.path)
    let report = try Self.compare(model, model, on: try Self.data(in: try TemporaryFolder()))
    let found = try #require(report.embeddings)
    #expect(found.texts.count == Self.texts.count)
    #expect(found.cosine == Estimate(1, interval: 1...1))
    #expect(found.relativeError == Estimate(0, interval: 0...0))
    #expect(found.sameNearest == Estimate(1, interval: 1...1))
    #expect(report.groups.isEmpty && report.distance == 0)
    #expect(!report.blocks.isEmpty && report.blocks.allSatisfy { $0.relativeError.value == 0 })
    let outcomes = Gate(.embeddingCosine, 1).outcomes(in: report)
    #expect(outcomes.count == 1 && outcomes.allSatisfy(\.isKept))
    #expect(Gate(.meanDivergence, 0).outcomes(in: report).isEmpty)
    #expect(report.reference.tokenCount > 0 && report.structure?.errors.isEmpty == true)
  }

  @Test("a tensor that is broken shows, from its block on")
  func broken() throws {
    let copies = (try FixtureCopy(encoder: "bert"), try FixtureCopy(encoder: "bert"))
    try copies.1.rewrite { tensors in
      let place = try #require(
        tensors.firstIndex { $0.description.name == "encoder.layer.1.output.dense.weight" })
      tensors[place].bytes = tensors[place].bytes.map { _ in 0 }
    }
    let report = try Self.compare(
      try Self.open(copies.0.path), try Self.open(copies.1.path),
      on: try Self.data(in: try TemporaryFolder()))
    let found = try #require(report.embeddings)
    #expect(found.cosine.value < 0.99 && found.relativeError.value > 0.05)
    let worst = try #require(found.worst(1).first)
    #expect(found.texts.allSatisfy { $0.closeness.cosine >= worst.closeness.cosine })
    #expect(Gate(.embeddingCosine, 0.999).outcomes(in: report).map(\.verdict) == [.failed])
    for block in report.blocks {
      guard let layer = block.place.layer, layer != 1 else { continue }
      #expect((block.relativeError.value > 0) == (layer > 1), "\(block.place)")
    }
  }

  @Test("each text is one sequence with both of its marks, and counts once")
  func sequences() throws {
    let copy = try FixtureCopy(encoder: "bert")
    let model = try Self.open(copy.path)
    let data = try Self.data(
      [
        #"{"text": "hello words"}"#, #"{"prompt": "image", "answer": "end"}"#,
        #"{"text": "end"}"#, #"{"prompt": "hello words"}"#, #"{"text": ""}"#,
      ], in: try TemporaryFolder())
    let report = try Self.compare(model, model, on: data)
    let texts = ["hello words", "image", "end"]
    #expect(report.embeddings?.texts.map(\.text) == texts)
    let counts = try texts.map { try model.tokenizer.encodeSequence($0).count }
    #expect(try counts.first == model.tokenizer.encode(texts[0]).count + 2)
    #expect(report.reference.tokenCount == counts.reduce(0, +))
  }

  @Test("a long text is cut into windows that fit the context", arguments: [16, 512])
  func windows(window: Int) throws {
    let copy = try FixtureCopy(encoder: "bert")
    let model = try Self.open(copy.path)
    // No two windows are the same.
    let text = (0..<150).map { String($0, radix: 2) }.joined(separator: " ")
    let report = try Self.compare(
      model, model, on: try Self.data([#"{"text": "\#(text)"}"#], in: try TemporaryFolder()),
      window: window)
    let count = try model.tokenizer.encode(text).count
    // The context has 64 places, two of them for the marks.
    let step = min(window, 64) - 2
    #expect(report.embeddings?.texts.count == (count + step - 1) / step)
    #expect(
      report.reference.tokenCount == count + 2 * ((count + step - 1) / step))
  }

  @Test("what has no embedding, or another one, is refused")
  func refused() throws {
    let (folder, copy) = (try TemporaryFolder(), try FixtureCopy(encoder: "bert"))
    let model = try Self.open(copy.path)
    let data = try Self.data(in: folder)
    func sentence(_ body: () throws -> Void) throws -> String {
      "\(try #require(#expect(throws: ModelError.self) { try body() }))"
    }
    let image = try Self.data(
      [#"{"image": "a.png", "prompt": "what is it?"}"#], in: try TemporaryFolder())
    #expect(
      try sentence { _ = try Self.compare(model, model, on: image) }.contains("data.jsonl:1: "))
    let empty = try Self.data([#"{"text": ""}"#], in: try TemporaryFolder())
    #expect(
      try sentence { _ = try Self.compare(model, model, on: empty) }.contains("nothing to compare"))
    #expect(
      try sentence {
        _ = try Comparison(reference: model, candidates: [model], options: .init()).run(on: data)
      }.contains("gives embeddings of texts"))
    let other = try FixtureCopy(encoder: "bert")
    try other.replace("\"words\": 29", with: "\"swords\": 29", in: "tokenizer.json")
    #expect(
      try sentence { _ = try Self.compare(model, try Self.open(other.path), on: data) }
        .contains("token 29 is '▁swords', expected '▁words'"))
  }
}
