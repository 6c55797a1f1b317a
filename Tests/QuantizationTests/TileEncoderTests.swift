// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import Quantization
import Tensors
import TestSupport
import Testing

struct TileEncoderTests {
  @Test(
    "a tile is its rows encoded one by one, and its loss is theirs",
    arguments: [
      Encoding.q8_0, .q4_K, .f16, .f32,
    ])
  func rows(encoding: Encoding) throws {
    var random = SplitMix64(seed: 3)
    let (rows, columns) = (301, 256)
    let values = (0..<rows * columns).map { _ in Float.random(in: -1...1, using: &random) }
    let format = try #require(BlockFormats.format(for: encoding))
    let encoder = TileEncoder(format: format, columns: columns)
    var blocks = [UInt8](repeating: 0, count: rows * encoder.rowBytes)
    let outcome = blocks.withUnsafeMutableBytes { blocks in
      encoder.encode(rows: rows, into: blocks) { range, room in
        for (place, i) in (range.lowerBound * columns..<range.upperBound * columns).enumerated() {
          room[place] = values[i]
        }
      }
    }
    var expected: [UInt8] = []
    for row in 0..<rows {
      expected += format.encode(Array(values[row * columns..<(row + 1) * columns]))
    }
    #expect(blocks == expected)
    let decoded = format.decode(blocks)
    let error = zip(values, decoded).reduce(0.0) {
      $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1)
    }
    // The bound of `Distortion`.
    #expect(abs(outcome.distortion.squaredError - error) <= 0x1p-20 * error)
    #expect(outcome.distortion.count == values.count)
    #expect(outcome.nonFiniteCount == 0)
    #expect(outcome.overflowCount == 0)
  }

  @Test("values that are no numbers are counted, and those that overflow apart")
  func counts() throws {
    let encoder = TileEncoder(format: try #require(BlockFormats.format(for: .f16)), columns: 8)
    var blocks = [UInt8](repeating: 0, count: 2 * encoder.rowBytes)
    let values: [Float] =
      [1, .nan, 3, .infinity, 5, 70_000, -70_000, 8] + Array(repeating: 1, count: 8)
    let outcome = blocks.withUnsafeMutableBytes { blocks in
      encoder.encode(rows: 2, into: blocks) { range, room in
        for (place, i) in (range.lowerBound * 8..<range.upperBound * 8).enumerated() {
          room[place] = values[i]
        }
      }
    }
    #expect(outcome.nonFiniteCount == 2)
    #expect(outcome.overflowCount == 2)
  }
}
