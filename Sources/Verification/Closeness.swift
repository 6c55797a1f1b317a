// SPDX-License-Identifier: Apache-2.0

package import LinearAlgebra

/// How near a tensor is to its original.
package struct Closeness: Sendable, Equatable {
  /// Of all elements as one vector; 1 where both are zero.
  package let cosine: Double
  /// ‖x − y‖ / ‖x‖.
  package let relativeError: Double

  package init(_ x: Matrix, _ y: Matrix) {
    guard x.rows == y.rows, x.columns == y.columns else {
      (cosine, relativeError) = (0, .infinity)
      return
    }
    var (xx, yy, xy, dd) = (0.0, 0.0, 0.0, 0.0)
    for (a, b) in zip(x.values, y.values) {
      let (a, b) = (Double(a), Double(b))
      xx += a * a
      yy += b * b
      xy += a * b
      dd += (a - b) * (a - b)
    }
    let norms = xx.squareRoot() * yy.squareRoot()
    // What is the same has no rounding in the way.
    cosine = dd == 0 ? 1 : norms > 0 ? xy / norms : 0
    relativeError = dd == 0 ? 0 : xx > 0 ? (dd / xx).squareRoot() : .infinity
  }
}
