// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import Quantization
import TestSupport
import Tensors
import Testing

struct WeightingTests {
  private static let (rows, columns) = (16, 512)

  /// Σ w·(x − y)² with weights q·√(σ² + x²), and with q alone.
  private static func errors(_ values: [Float], _ decoded: [Float], _ importance: [Float]) -> (
    magnitude: Double, inputs: Double
  ) {
    var (magnitude, inputs) = (0.0, 0.0)
    for row in 0..<rows {
      let own = row * columns..<(row + 1) * columns
      let mean = values[own].reduce(0.0) { $0 + Double($1 * $1) } / Double(columns)
      for index in own {
        let x = Double(values[index])
        let error =
          Double(importance[index % columns]) * (x - Double(decoded[index]))
          * (x - Double(decoded[index]))
        inputs += error
        magnitude += error * (mean + x * x).squareRoot()
      }
    }
    return (magnitude, inputs)
  }

  @Test(
    "each weighting has the smaller error of its own kind",
    arguments: [Encoding.q4_0, .q2_K, .q3_K, .q4_K, .iq4_XS])
  func searches(_ encoding: Encoding) throws {
    let format = try #require(BlockFormats.format(for: encoding))
    var random = SplitMix64(seed: 21)
    let values = random.normal(Self.rows * Self.columns)
    let importance = random.normal(Self.columns).map { 0.1 + $0 * $0 }
    let found = [Weighting.inputs, .inputsAndMagnitude].map { weighting in
      let encoder = TileEncoder(format: format, columns: Self.columns, weighting: weighting)
      var blocks = [UInt8](repeating: 0, count: Self.rows * encoder.rowBytes)
      blocks.withUnsafeMutableBytes { blocks in
        _ = encoder.encode(rows: Self.rows, importance: importance, into: blocks) { own, room in
          values.withUnsafeBufferPointer {
            _ = room.update(
              fromContentsOf: $0[own.lowerBound * Self.columns..<own.upperBound * Self.columns])
          }
        }
      }
      return Self.errors(values, format.decode(blocks), importance)
    }
    #expect(found[1].magnitude < found[0].magnitude && found[0].inputs < found[1].inputs)
  }
}
