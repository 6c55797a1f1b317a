// SPDX-License-Identifier: Apache-2.0

import Layers

/// A matrix whose rows are the columns of another, all of it in memory.
struct TurnedMatrix: Weight.Rows {
  /// Rows of the other that are expanded at once.
  private static let stripe = 64

  private let columns: Int
  private let values: [Float]

  private init(_ weight: Weight) {
    let (rows, width) = (weight.rows, weight.columns)
    columns = rows
    values = [Float](unsafeUninitializedCapacity: rows * width) { turned, written in
      var stripe = [Float](repeating: 0, count: TurnedMatrix.stripe * width)
      for start in stride(from: 0, to: rows, by: TurnedMatrix.stripe) {
        let count = min(TurnedMatrix.stripe, rows - start)
        stripe.withUnsafeMutableBufferPointer { stripe in
          weight.decode(
            rows: start..<start + count,
            into: UnsafeMutableBufferPointer(rebasing: stripe[..<(count * width)]))
          for column in 0..<width {
            for row in 0..<count {
              turned[column * rows + start + row] = stripe[row * width + column]
            }
          }
        }
      }
      written = rows * width
    }
  }

  /// - Parameter weight: `[rows, columns]`.
  /// - Returns: The same numbers as `[columns, rows]`.
  static func weight(_ weight: Weight) -> Weight {
    Weight(
      source: weight.source, expander: TurnedMatrix(weight), rows: weight.columns,
      columns: weight.rows)
  }

  func decode(rows: Range<Int>, into values: UnsafeMutableBufferPointer<Float>) {
    self.values.withUnsafeBufferPointer { own in
      let all = own[rows.lowerBound * columns..<rows.upperBound * columns]
      _ = values.update(fromContentsOf: all)
    }
  }
}
