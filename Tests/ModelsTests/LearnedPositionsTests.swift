// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Fixtures
import Models
import Preprocessing
import TestSupport
import Testing

/// Positions of images that have other patches than the table.
struct LearnedPositionsTests {
  private static let sizes = [
    (5, 5), (6, 6), (8, 8), (10, 10), (5, 9), (9, 5), (7, 12), (3, 3), (2, 7), (1, 11), (1, 1),
  ]

  private static func golden() throws -> Checkpoint {
    try Checkpoint(path: Fixtures.path("positions/golden.safetensors"))
  }

  @Test("rows in between are those of jax.image.resize", arguments: sizes)
  func parity(rows: Int, columns: Int) throws {
    let golden = try LearnedPositionsTests.golden()
    let table = try #require(golden["table"]).floats
    let positions = LearnedPositions(table, channels: 3, placeless: 1, filter: .bicubic)
    let own = positions.rows(for: Grid(rows: rows, columns: columns))
    let expected = try #require(golden["\(rows)x\(columns)"]).floats
    // Numbers up to 3.3, rounded to Float between the directions and at the end.
    #expect(own.largestDifference(from: expected) <= 4 * 3.3 * 0x1p-24)
  }

  @Test("the size of the table gives the table, bit by bit")
  func identity() throws {
    let table = (0..<17 * 2).map { Float($0 * $0 % 13) / 7 }
    let positions = LearnedPositions(table, channels: 2, placeless: 1, filter: .bicubic)
    #expect(positions.rows(for: Grid(rows: 4, columns: 4)) == table)
  }

  /// - A constant has all weights in one sum. A ramp away from the edges shows where patches have
  ///   their centres.
  @Test("constants stay, and ramps go on between patches")
  func laws() {
    for side in [2, 5, 27] {
      for target in [1, side, side + 3, 2 * side, 48] {
        let table = [Float](repeating: 0.7, count: side * side)
        let rows = LearnedPositions(table, channels: 1, filter: .bicubic).rows(
          for: Grid(rows: target, columns: target + 1))
        #expect(rows.count == target * (target + 1))
        #expect(rows.allSatisfy { abs($0 - 0.7) <= 2e-7 })
      }
    }
    let side = 27
    let ramp = (0..<side * side).map { Float($0 % side) }
    let rows = LearnedPositions(ramp, channels: 1, filter: .bicubic).rows(
      for: Grid(rows: 1, columns: 48))
    for column in 4..<44 {
      let center = (Double(column) + 0.5) * 27 / 48 - 0.5
      #expect(abs(Double(rows[column]) - center) <= 27 * 0x1p-22)
    }
  }

  @Test("a turned table gives turned rows")
  func transposition() {
    let side = 4
    let table = (0..<side * side).map { Float($0 * 37 % 11) }
    let turned = (0..<side * side).map { table[$0 % side * side + $0 / side] }
    let own = LearnedPositions(table, channels: 1, filter: .bicubic).rows(
      for: Grid(rows: 7, columns: 3))
    let other = LearnedPositions(turned, channels: 1, filter: .bicubic).rows(
      for: Grid(rows: 3, columns: 7))
    for row in 0..<7 {
      for column in 0..<3 {
        #expect(abs(own[row * 3 + column] - other[column * 7 + row]) <= 10 * 0x1p-21)
      }
    }
  }

  @Test("a table that is for one size takes no other")
  func refusal() {
    let table = [Float](repeating: 0, count: 17)
    let fixed = LearnedPositions(table, channels: 1, placeless: 1, filter: nil)
    #expect(fixed.fits(Grid(rows: 4, columns: 4)) && fixed.fits(Grid(rows: 2, columns: 8)))
    #expect(!fixed.fits(Grid(rows: 5, columns: 5)))
    // Those of no square have no neighbours.
    let oblong = LearnedPositions(table, channels: 1, filter: .bicubic)
    #expect(!oblong.fits(Grid(rows: 4, columns: 4)))
    let empty = LearnedPositions([0], channels: 1, placeless: 1, filter: .bicubic)
    #expect(!empty.fits(Grid(rows: 4, columns: 4)))
  }

  @Test("what users should know of images of another size than the table's")
  func note() throws {
    func note(_ family: String) throws -> String? {
      let copy = try FixtureCopy(visionLanguage: family)
      return try Model(path: copy.path, library: try DeclarationLibrary()).positionNote
    }
    let rectangle = try #require(try note("mm1-rectangle"))
    #expect(rectangle.contains("35 x 49 pixels, 5 x 7 patches"))
    #expect(rectangle.contains("for 4 x 4"))
    // Where they agree, where a model computes none in between, and where each image has its own
    // size.
    let tiny = try Model(path: Fixtures.path("mm1-tiny"), library: try DeclarationLibrary())
    #expect(tiny.positionNote == nil)
    for family in ["llava-siglip", "lfm2vl", "qwen2vl"] { #expect(try note(family) == nil) }
  }
}
