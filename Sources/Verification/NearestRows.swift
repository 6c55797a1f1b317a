// SPDX-License-Identifier: Apache-2.0

import LinearAlgebra
import Parallelism
import Synchronization

/// Which other row of a matrix is nearest to each, by cosine.
enum NearestRows {
  /// Rows whose cosines are computed at once: they bound the memory, and are the same for any number
  /// of threads.
  private static let blockRows = 64

  /// - Parameter matrix: `[rows, columns]`, of finite numbers.
  /// - Returns: For each row the number of the other one, the first of several that are equally near;
  ///   nil where there is no other.
  /// - Complexity: O(rows² · columns).
  static func find(in matrix: Matrix) -> [Int?] {
    let (rows, columns) = (matrix.rows, matrix.columns)
    guard rows > 1, columns > 0 else { return [Int?](repeating: nil, count: rows) }
    let units = unitRows(of: matrix)
    let found = Mutex([Int?](repeating: nil, count: rows))
    units.values.withUnsafeBufferPointer { values in
      let values = SharedReads(values)
      Parallel.forEach((rows + blockRows - 1) / blockRows) { block in
        let start = block * blockRows
        let count = min(blockRows, rows - start)
        var cosines = [Float](repeating: 0, count: count * rows)
        cosines.withUnsafeMutableBufferPointer { cosines in
          guard let base = cosines.baseAddress else { return }
          BLAS.multiplyTransposed(
            m: count, n: rows, k: columns, a: values.base + start * columns, aStride: columns,
            b: values.base, bStride: columns, result: base, resultStride: rows)
        }
        let nearest = (0..<count).map { row in
          best(of: cosines[row * rows..<(row + 1) * rows], but: start + row)
        }
        found.withLock { $0.replaceSubrange(start..<start + count, with: nearest) }
      }
    }
    return found.withLock { $0 }
  }

  /// The place of the largest number of all but one.
  private static func best(of cosines: ArraySlice<Float>, but own: Int) -> Int? {
    var best: (place: Int, cosine: Float)?
    for (place, cosine) in cosines.enumerated() where place != own {
      if cosine > best?.cosine ?? -.infinity { best = (place, cosine) }
    }
    return best?.place
  }

  /// The rows with a length of 1; those of zeros stay.
  private static func unitRows(of matrix: Matrix) -> Matrix {
    var result = matrix
    for row in 0..<matrix.rows {
      let length = matrix.row(row).reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
      guard length > 0 else { continue }
      for i in row * matrix.columns..<(row + 1) * matrix.columns {
        result.values[i] = Float(Double(result.values[i]) / length)
      }
    }
    return result
  }
}
