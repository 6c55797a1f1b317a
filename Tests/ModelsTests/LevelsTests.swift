// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Fixtures
import LinearAlgebra
import Models
import Preprocessing
import TestSupport
import Testing

/// What layers of an encoder bring to layers of the decoder.
struct LevelsTests {
  private static func forward(_ copy: FixtureCopy) throws -> ForwardPass {
    try ForwardPass(Model(path: copy.path, library: try DeclarationLibrary()))
  }

  private static func image(_ forward: ForwardPass) throws -> ImageEmbedding {
    let image = try Image(path: Fixtures.path("images/chelsea.png"))
    let pixels = try #require(forward.model.imageProcessor).pixels(of: image)
    return try forward.embeddings(of: [pixels])[0]
  }

  /// Sums of a few hundred terms in another order, through three layers: 1e-5 of the largest.
  private static func expectClose(_ a: Matrix, _ b: Matrix) {
    let largest = b.values.reduce(0) { max($0, abs($1)) }
    #expect(a.rows == b.rows && a.columns == b.columns)
    for (x, y) in zip(a.values, b.values) { #expect(abs(x - y) <= 1e-5 * largest) }
  }

  @Test("going on from a state, and sequences side by side, find the levels of their images")
  func states() throws {
    let copy = try FixtureCopy(visionLanguage: "qwen3vl")
    let forward = try LevelsTests.forward(copy)
    let image = try LevelsTests.image(forward)
    #expect(image.matrix.columns == 3 * 32)
    let token = try #require(forward.model.architecture.imageToken)
    let places = [Int](repeating: token, count: image.rows)
    let seeing = TokenSequence(tokens: [5, 9] + places + [6], images: [image])
    let blind = TokenSequence(tokens: [7, 8, 9])
    let alone = try forward.logits([seeing])
    let together = try forward.logits([blind, seeing])
    LevelsTests.expectClose(together.rows(3..<together.rows), alone)
    LevelsTests.expectClose(together.rows(0..<3), try forward.logits([blind]))
    var state = forward.state(sequenceCount: 2)
    _ = try forward.advance(
      &state, by: [blind, TokenSequence(tokens: [5, 9] + places, images: [image])])
    let next = try forward.advance(
      &state, by: [TokenSequence(tokens: [4]), TokenSequence(tokens: [6])])
    LevelsTests.expectClose(next.rows(1..<2), alone.rows(alone.rows - 1..<alone.rows))
  }

  @Test("rows before an image do not change with its levels, those of it and behind it do")
  func reach() throws {
    let copy = try FixtureCopy(visionLanguage: "qwen3vl")
    let forward = try LevelsTests.forward(copy)
    let image = try LevelsTests.image(forward)
    var other = image.matrix
    for row in 0..<other.rows { other.values[row * other.columns + 32] += 1 }
    let changed = ImageEmbedding(matrix: other, grid: image.grid)
    let token = try #require(forward.model.architecture.imageToken)
    let tokens = [5, 9] + [Int](repeating: token, count: image.rows) + [6]
    let (before, after) = (
      try forward.logits([TokenSequence(tokens: tokens, images: [image])]),
      try forward.logits([TokenSequence(tokens: tokens, images: [changed])])
    )
    for row in 0..<tokens.count { #expect((before.row(row) == after.row(row)) == (row < 2)) }
  }

  @Test("an image without the levels that the decoder takes is refused")
  func width() throws {
    let copy = try FixtureCopy(visionLanguage: "qwen3vl")
    let forward = try LevelsTests.forward(copy)
    let token = try #require(forward.model.architecture.imageToken)
    let narrow = ImageEmbedding(
      matrix: Matrix(rows: 1, columns: 32), grid: Grid(rows: 1, columns: 1))
    let error = #expect(throws: ModelError.self) {
      try forward.logits([TokenSequence(tokens: [token], images: [narrow])])
    }
    #expect(error?.description.contains("32 channels") ?? false)
  }

  @Test("an encoder of no levels brings none")
  func none() throws {
    let copy = try FixtureCopy(visionLanguage: "qwen3vl")
    try copy.replace("   0,\n   2\n", with: "", in: "config.json")
    try copy.rewrite { tensors in
      tensors.removeAll { $0.description.name.contains("deepstack_merger_list") }
    }
    let forward = try LevelsTests.forward(copy)
    let image = try LevelsTests.image(forward)
    #expect(image.matrix.columns == 32)
    let token = try #require(forward.model.architecture.imageToken)
    let tokens = [5] + [Int](repeating: token, count: image.rows)
    let logits = try forward.logits([TokenSequence(tokens: tokens, images: [image])])
    #expect(logits.rows == tokens.count)
  }

  @Test(
    "layers that make no sense are named",
    arguments: [
      ("2,\n   0", ["deepstack_visual_indexes", "ascend"]),
      ("0,\n   3", ["deepstack_visual_indexes", "layers below 3"]),
      ("0", ["deepstack_merger_list.1", "no place"]),
      ("0,\n   1,\n   2", ["deepstack_merger_list.2", "missing"]),
    ])
  func contradiction(layers: String, words: [String]) throws {
    let copy = try FixtureCopy(visionLanguage: "qwen3vl")
    try copy.replace("   0,\n   2\n", with: "   \(layers)\n", in: "config.json")
    let error = #expect(throws: ModelError.self) { try LevelsTests.forward(copy) }
    for word in words {
      #expect(error?.description.contains(word) ?? false, "\(error?.description ?? "")")
    }
  }

  @Test("the corners of a grid of positions are those of the image, whatever its size")
  func corners() throws {
    let copy = try FixtureCopy(visionLanguage: "qwen3vl")
    let forward = try LevelsTests.forward(copy)
    let stored = try #require(Checkpoint(path: copy.path)["model.visual.pos_embed.weight"])
    // BF16 is the upper half of an F32.
    let table = (0..<25 * 24).map { index in
      let half = stored.bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)
      return Float(bitPattern: UInt32(half) << 16)
    }
    for (height, width) in [(16, 16), (32, 48), (80, 16), (16, 96)] {
      var traced: [String: [Float]] = [:]
      let pixels = PixelTensor(
        channels: 3, height: height, width: width,
        values: [Float](repeating: 0.25, count: 3 * height * width))
      _ = try forward.embeddings(of: [pixels]) { traced[$0] = $2 }
      let plain = try #require(traced["vision.embeddings"])
      let placed = try #require(traced["vision.positions"])
      let (rows, columns) = (height / 8, width / 8)
      for (row, place) in [
        (0, 0), (columns - 1, 4), ((rows - 1) * columns, 20), (rows * columns - 1, 24),
      ] {
        for i in 0..<24 {
          // A sum, and the difference that it is told from: an ulp of 2 each.
          #expect(abs(placed[row * 24 + i] - plain[row * 24 + i] - table[place * 24 + i]) <= 5e-7)
        }
      }
    }
  }
}
