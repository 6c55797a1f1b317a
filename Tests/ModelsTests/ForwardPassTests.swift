// SPDX-License-Identifier: Apache-2.0

import Fixtures
import LinearAlgebra
import Models
import Parallelism
import Preprocessing
import TestSupport
import Testing

@Suite(.serialized)
struct ForwardPassTests {
  private static func forward(_ name: String) throws -> ForwardPass {
    try ForwardPass(Model(path: Fixtures.path(name), library: try DeclarationLibrary()))
  }

  private static func image(_ forward: ForwardPass, _ name: String) throws -> ImageEmbedding {
    let processor = try #require(forward.model.imageProcessor)
    let pixels = try processor.pixels(of: Image(path: Fixtures.path("images/\(name)")))
    return try forward.embeddings(of: [pixels])[0]
  }

  /// Sums of a few hundred terms in another order, through four layers: 1e-5 of the largest.
  private static func expectClose(_ a: Matrix, _ b: Matrix) {
    #expect(a.rows == b.rows && a.columns == b.columns)
    let largest = b.values.reduce(0) { max($0, abs($1)) }
    let error = zip(a.values, b.values).reduce(0) { max($0, abs($1.0 - $1.1)) }
    #expect(error <= 1e-5 * largest)
  }

  @Test("sequences do not see each other", arguments: ["stories260K", "mm1-moe-tiny"])
  func batches(name: String) throws {
    let forward = try ForwardPassTests.forward(name)
    let sequences = [[5, 6, 7, 8], [300, 2], [9, 9, 9, 9, 9, 9, 9]].map {
      TokenSequence(tokens: $0)
    }
    let together = try forward.logits(sequences)
    var start = 0
    for sequence in sequences {
      let alone = try forward.logits([sequence])
      ForwardPassTests.expectClose(together.rows(start..<start + alone.rows), alone)
      start += alone.rows
    }
  }

  @Test("what comes later changes nothing before")
  func causality() throws {
    let forward = try ForwardPassTests.forward("mm1-moe-tiny")
    let long = try forward.logits([TokenSequence(tokens: [5, 6, 7, 8, 9, 10])])
    let short = try forward.logits([TokenSequence(tokens: [5, 6, 7])])
    ForwardPassTests.expectClose(long.rows(0..<3), short)
  }

  @Test(
    "going on from a state is computing the whole again", arguments: ["mm1-tiny", "llava-tiny"])
  func states(name: String) throws {
    let forward = try ForwardPassTests.forward(name)
    let token = try #require(forward.model.architecture.imageToken)
    let image = try ForwardPassTests.image(forward, "coffee.png")
    let places = [Int](repeating: token, count: image.rows)
    let prompts = [
      TokenSequence(tokens: places + [5, 6], images: [image]), TokenSequence(tokens: [7, 8, 9]),
    ]
    var state = forward.state(sequenceCount: 2)
    _ = try forward.advance(&state, by: prompts)
    let next = try forward.advance(
      &state, by: [TokenSequence(tokens: [20]), TokenSequence(tokens: [21, 22])])
    let whole = try forward.logits(
      [
        TokenSequence(tokens: places + [5, 6, 20], images: [image]),
        TokenSequence(tokens: [7, 8, 9, 21, 22]),
      ], rows: [image.rows + 2, image.rows + 7])
    ForwardPassTests.expectClose(next, whole)
    state.keep([1])
    let last = try forward.advance(&state, by: [TokenSequence(tokens: [23])])
    let again = try forward.logits(
      [TokenSequence(tokens: [7, 8, 9, 21, 22, 23])], rows: [5])
    ForwardPassTests.expectClose(last, again)
  }

  @Test(
    "a prompt that is seen whole is the same at once and with its answer token by token",
    arguments: ["paligemma", "paligemma2"])
  func wholePrompts(name: String) throws {
    let copy = try FixtureCopy(visionLanguage: name)
    let forward = try ForwardPass(Model(path: copy.path, library: try DeclarationLibrary()))
    #expect(forward.seesWholePrompts)
    let prompt = [1, 40, 300, 7, 9, 11, 13, 17]
    let answer = [20, 21, 22]
    let whole = try forward.logits(
      [TokenSequence(tokens: prompt + answer, promptCount: prompt.count)])
    var state = forward.state(sequenceCount: 1)
    var logits = try forward.advance(&state, by: [TokenSequence(prompt: prompt)])
    ForwardPassTests.expectClose(logits, whole.gathered([prompt.count - 1]))
    for (index, token) in answer.enumerated() {
      logits = try forward.advance(&state, by: [TokenSequence(tokens: [token])])
      ForwardPassTests.expectClose(logits, whole.gathered([prompt.count + index]))
    }
    // The first token of a prompt sees the last.
    let other = try forward.logits([TokenSequence(prompt: Array(prompt.dropLast()) + [18])])
    #expect(other.row(0) != whole.row(0))
  }

  @Test("several images at once are the same as one by one")
  func images() throws {
    let forward = try ForwardPassTests.forward("mm1-tiny")
    let processor = try #require(forward.model.imageProcessor)
    let pixels = try ["coffee.png", "rocket.jpg", "camera.png"].map {
      try processor.pixels(of: Image(path: Fixtures.path("images/\($0)")))
    }
    for (together, image) in zip(try forward.embeddings(of: pixels), pixels) {
      ForwardPassTests.expectClose(
        together.matrix, try forward.embeddings(of: [image])[0].matrix)
    }
  }

  @Test("the number of threads changes no bit", arguments: [1, 2, 3])
  func threads(count: Int) throws {
    let forward = try ForwardPassTests.forward("mm1-moe-tiny")
    let sequence = TokenSequence(tokens: Array(2..<90))
    let expected = try forward.logits([sequence])
    Parallel.limit(to: count)
    defer { Parallel.limit(to: 0) }
    #expect(try forward.logits([sequence]) == expected)
  }

  @Test("only the rows that are asked for are computed, and they are the same")
  func rows() throws {
    let forward = try ForwardPassTests.forward("stories260K")
    let sequence = TokenSequence(tokens: [1, 2, 3, 4, 5])
    let all = try forward.logits([sequence])
    let some = try forward.logits([sequence], rows: [4, 1])
    ForwardPassTests.expectClose(some, all.gathered([4, 1]))
  }

  @Test("requests that the model cannot answer are errors")
  func requests() throws {
    let text = try ForwardPassTests.forward("stories260K")
    let pixels = PixelTensor(
      channels: 3, height: 64, width: 64, values: [Float](repeating: 0, count: 3 * 64 * 64))
    #expect(throws: ModelError.self) { try text.embeddings(of: [pixels]) }
    for token in [-1, 512, Int.max] {
      #expect(throws: ModelError.self) { try text.logits([TokenSequence(tokens: [token])]) }
    }
    let seeing = try ForwardPassTests.forward("mm1-tiny")
    let small = PixelTensor(
      channels: 3, height: 8, width: 8, values: [Float](repeating: 0, count: 3 * 64))
    // Positions of a single patch lie between those that this model has, but less is no patch.
    #expect(try seeing.embeddings(of: [small])[0].rows == 16)
    let flat = PixelTensor(
      channels: 3, height: 7, width: 64, values: [Float](repeating: 0, count: 3 * 7 * 64))
    #expect(throws: ModelError.self) { try seeing.embeddings(of: [flat]) }
    let other = try ForwardPassTests.forward("llava-tiny")
    #expect(throws: ModelError.self) { try other.embeddings(of: [small]) }
    #expect(throws: ModelError.self) { try seeing.logits([TokenSequence(tokens: [5, 1, 1])]) }
    let image = try seeing.embeddings(of: [pixels])[0]
    #expect(throws: ModelError.self) {
      try seeing.logits([TokenSequence(tokens: [5, 1, 1], images: [image])])
    }
    #expect(throws: ModelError.self) {
      try Generator(seeing).answers(to: [TokenSequence(tokens: [])], limit: 4)
    }
  }
}
