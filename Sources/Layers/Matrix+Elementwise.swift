// SPDX-License-Identifier: Apache-2.0

import CKernels
package import LinearAlgebra
import Parallelism

extension Matrix {
  /// Adds element by element.
  package static func += (a: inout Matrix, b: Matrix) {
    a.combine(with: b) { pk_add(.current, $0, $1, $2) }
  }

  /// Multiplies element by element.
  package mutating func multiply(by other: Matrix) {
    combine(with: other) { pk_multiply(.current, $0, $1, $2) }
  }

  /// Adds the same vector to each row.
  package mutating func addToRows(_ vector: [Float]) {
    precondition(vector.count == columns)
    let (rows, columns) = (rows, columns)
    values.withUnsafeMutableBufferPointer { values in
      let values = DisjointWrites(values)
      Parallel.forEach(rows) { pk_add(.current, values.base + $0 * columns, vector, columns) }
    }
  }

  /// Keeps each element between two numbers.
  package mutating func clamp(from minimum: Float, to maximum: Float) {
    for i in values.indices { values[i] = min(max(values[i], minimum), maximum) }
  }

  /// The first and the second `width` elements of each run of twice as many.
  ///
  /// - Parameter width: Twice this number divides the columns.
  /// - Returns: Two matrices of half as many columns.
  package func halves(ofHeads width: Int) -> (Matrix, Matrix) {
    precondition(width > 0 && columns % (2 * width) == 0)
    var halves: [[Float]] = [[], []]
    for place in 0..<2 {
      halves[place].reserveCapacity(values.count / 2)
      for start in stride(from: place * width, to: values.count, by: 2 * width) {
        halves[place] += values[start..<start + width]
      }
    }
    return (
      Matrix(rows: rows, columns: columns / 2, values: halves[0]),
      Matrix(rows: rows, columns: columns / 2, values: halves[1])
    )
  }

  /// Elements that a worker takes at once.
  private static let chunk = 1 << 16

  private mutating func combine(
    with other: Matrix,
    _ operation: @Sendable (UnsafeMutablePointer<Float>, UnsafePointer<Float>, Int) -> Void
  ) {
    precondition(rows == other.rows && columns == other.columns)
    let count = values.count
    values.withUnsafeMutableBufferPointer { values in
      other.values.withUnsafeBufferPointer { other in
        let values = DisjointWrites(values)
        let other = SharedReads(other)
        Parallel.forEach((count + Matrix.chunk - 1) / Matrix.chunk) { index in
          let start = index * Matrix.chunk
          operation(values.base + start, other.base + start, min(Matrix.chunk, count - start))
        }
      }
    }
  }
}
