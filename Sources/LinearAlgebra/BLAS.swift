// SPDX-License-Identifier: Apache-2.0

import CLinearAlgebra

/// The BLAS library behind matrix products.
package enum BLAS {
  /// The library's name for the processor; `portable` if no library was found, which is slow.
  package static var coreName: String { String(cString: pla_core_name()) }

  /// `result = alpha * a * bᵀ + beta * result` on the calling thread.
  ///
  /// - Parameters:
  ///   - m: Rows of `a` and of `result`.
  ///   - n: Rows of `b`, columns of `result`.
  ///   - k: Columns of `a` and `b`.
  ///   - alpha: Factor of the product.
  ///   - a: `[m, k]`, with `aStride` elements from row to row.
  ///   - aStride: At least `k`.
  ///   - b: `[n, k]`, with `bStride` elements from row to row.
  ///   - bStride: At least `k`.
  ///   - beta: Factor of what `result` holds; 0 ignores it.
  ///   - result: `[m, n]`, with `resultStride` elements from row to row.
  ///   - resultStride: At least `n`.
  package static func multiplyTransposed(
    m: Int, n: Int, k: Int, alpha: Float = 1, a: UnsafePointer<Float>, aStride: Int,
    b: UnsafePointer<Float>, bStride: Int, beta: Float = 0, result: UnsafeMutablePointer<Float>,
    resultStride: Int
  ) {
    guard m > 0, n > 0 else { return }
    pla_multiply_transposed(
      Int32(m), Int32(n), Int32(k), alpha, a, Int32(aStride), b, Int32(bStride), beta, result,
      Int32(resultStride))
  }

  /// `result[m, n] = a[m, k] * b[k, n]` on the calling thread; strides in elements.
  package static func multiply(
    m: Int, n: Int, k: Int, a: UnsafePointer<Float>, aStride: Int, b: UnsafePointer<Float>,
    bStride: Int, result: UnsafeMutablePointer<Float>, resultStride: Int
  ) {
    guard m > 0, n > 0 else { return }
    pla_multiply(
      Int32(m), Int32(n), Int32(k), a, Int32(aStride), b, Int32(bStride), result,
      Int32(resultStride))
  }
}
