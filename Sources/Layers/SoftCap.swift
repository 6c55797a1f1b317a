// SPDX-License-Identifier: Apache-2.0

package import LinearAlgebra
import Parallelism

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Bounds values smoothly: `limit · tanh(x / limit)`.
///
/// - Source: Gemma 2, arXiv:2408.00118, section 2.
package struct SoftCap: Sendable, Equatable {
  private let limit: Float

  /// - Parameter limit: No result is further from zero; nil if it is 0, which means no bound.
  package init?(_ limit: Float) {
    guard limit > 0 else { return nil }
    self.limit = limit
  }

  package func apply(to matrix: inout Matrix) {
    let (rows, columns) = (matrix.rows, matrix.columns)
    matrix.values.withUnsafeMutableBufferPointer { values in
      let values = DisjointWrites(values)
      Parallel.forEach(rows) { row in apply(to: values.base + row * columns, columns) }
    }
  }

  func apply(to values: UnsafeMutablePointer<Float>, _ count: Int) {
    for i in 0..<count { values[i] = limit * Float(tanh(Double(values[i] / limit))) }
  }
}
