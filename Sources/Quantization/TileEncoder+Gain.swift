// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import Tensors

extension TileEncoder {
  /// Rows that the gain is estimated from.
  private static let sampleCount = 32
  /// Below this, rounding of the scales is as large.
  private static let least: Float = 1.002
  private static let largest: Float = 2

  /// What values should be multiplied by before they are encoded.
  ///
  /// The values y with the least squared error from x are its projection: Σ xy = Σ y² < Σ x². All
  /// outputs of a layer then come out smaller by the same share e² = Σ (x − y)² / Σ x², and such
  /// errors add up over layers, while those of single weights average out. Enlarged by Σ x² / Σ xy
  /// the outputs have the original's in full; the squared error grows from e² to e² / (1 − e²).
  ///
  /// - Parameters:
  ///   - rows: How many there are; up to 32 of them are looked at.
  ///   - importance: The weight of each column; nil: all alike.
  ///   - read: Gives the values of a range of rows.
  /// - Returns: 1 for encodings that lose so little that it does not matter.
  package func gain(
    rows: Int, importance: [Float]?,
    read: (Range<Int>, UnsafeMutableBufferPointer<Float>) -> Void
  ) -> Float {
    guard format.encoding.elementsPerBlock > 1, rows > 0, columns > 0 else { return 1 }
    var (xx, xy) = (0.0, 0.0)
    var values = [Float](repeating: 0, count: columns)
    var decoded = values
    let count = min(rows, TileEncoder.sampleCount)
    for sample in 0..<count {
      let row = sample * rows / count
      values.withUnsafeMutableBufferPointer { read(row..<row + 1, $0) }
      values.withUnsafeBufferPointer { values in
        decoded.withUnsafeMutableBufferPointer { roundTrip(values, importance, into: $0) }
      }
      for column in 0..<columns {
        let weighted = Double(importance?[column] ?? 1) * Double(values[column])
        xx += weighted * Double(values[column])
        xy += weighted * Double(decoded[column])
      }
    }
    guard xx.isFinite, xy.isFinite, xy > 0 else { return 1 }
    let gain = Float(xx / xy)
    return gain < TileEncoder.least ? 1 : min(gain, TileEncoder.largest)
  }
}
