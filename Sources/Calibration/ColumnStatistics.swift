// SPDX-License-Identifier: Apache-2.0

package import LinearAlgebra
import Parallelism

/// What went into a linear layer, column by column.
package struct ColumnStatistics: Sendable, Equatable {
  /// Rows that went in.
  package private(set) var count: Double
  /// Σ x² of each column.
  package private(set) var squares: [Double]
  /// Σ x of each column; empty where it is not known.
  package private(set) var sums: [Double]

  /// Columns through which nothing went yet.
  package init(columns: Int) {
    count = 0
    squares = [Double](repeating: 0, count: columns)
    sums = squares
  }

  package init(count: Double, squares: [Double], sums: [Double]) {
    self.count = count
    self.squares = squares
    self.sums = sums
  }

  /// Columns that a worker sums up: it depends on nothing, so that sums do not either.
  private static let chunk = 64

  /// Adds rows, in Float64.
  ///
  /// - Parameters:
  ///   - inputs: `[rows, columns]`
  ///   - weights: How often each row counts.
  package mutating func add(_ inputs: Matrix, weights: RowWeights = RowWeights()) {
    guard inputs.columns == squares.count else { return }
    count += weights.sum(rows: inputs.rows)
    let (rows, columns) = (inputs.rows, inputs.columns)
    inputs.values.withUnsafeBufferPointer { x in
      squares.withUnsafeMutableBufferPointer { squares in
        sums.withUnsafeMutableBufferPointer { sums in
          let x = SharedReads(x)
          nonisolated(unsafe) let (squares, sums) = (squares, sums)
          Parallel.forEach((columns + ColumnStatistics.chunk - 1) / ColumnStatistics.chunk) {
            let first = $0 * ColumnStatistics.chunk
            let last = min(columns, first + ColumnStatistics.chunk)
            for row in 0..<rows {
              let weight = weights[row]
              for column in first..<last {
                let value = Double(x.base[row * columns + column])
                squares[column] += weight * value * value
                sums[column] += weight * value
              }
            }
          }
        }
      }
    }
  }

  /// Adds what was gathered elsewhere, of the same columns.
  package mutating func add(_ other: ColumnStatistics) {
    count += other.count
    for column in squares.indices { squares[column] += other.squares[column] }
    // Where one does not know the sums, neither does the whole.
    if sums.count == other.sums.count {
      for column in sums.indices { sums[column] += other.sums[column] }
    } else {
      sums = []
    }
  }

  /// The same of columns in another order.
  ///
  /// - Parameter places: For each column of the result, where it is here.
  /// - Returns: As it is, if there are not as many columns.
  func reordered(_ places: [Int]) -> ColumnStatistics {
    guard places.count == squares.count else { return self }
    return ColumnStatistics(
      count: count, squares: places.map { squares[$0] },
      sums: sums.isEmpty ? [] : places.map { sums[$0] })
  }

  /// The same numbers as a file holds them, in Float32.
  var stored: ColumnStatistics {
    func rounded(_ values: [Double]) -> [Double] { values.map { Double(Float($0)) } }
    return ColumnStatistics(
      count: Double(Float(count)), squares: rounded(squares), sums: rounded(sums))
  }

  /// The mean of x² of each column; nil where nothing went in.
  package var meanSquares: [Float]? {
    count > 0 ? squares.map { Float($0 / count) } : nil
  }

  /// The mean of x of each column; nil where nothing went in, or it is not known.
  package var means: [Float]? {
    count > 0 && !sums.isEmpty ? sums.map { Float($0 / count) } : nil
  }
}
