// SPDX-License-Identifier: Apache-2.0

import LinearAlgebra
import Parallelism

/// Σ x xᵀ over rows that go into a linear layer: products of a batch in f32, their sums in f64.
///
/// Where the layers before are quantized, also Σ x (o − x)ᵀ, o being what went in before they were.
struct MomentSums {
  let columns: Int
  /// Rows that weights will be fitted to, and those that fits will be judged by.
  private(set) var counts = (fitted: 0.0, heldOut: 0.0)
  /// `[columns, columns]`; only the lower triangle holds anything.
  private var fitted: [Double]
  private var heldOut: [Double]
  /// Of the other sums, all elements; empty where they are not kept.
  private var fittedDrift: [Double] = []
  private var heldOutDrift: [Double] = []

  /// Columns of a square that a worker sums up.
  private static let tile = 128

  init(columns: Int, keepsDrift: Bool = false) {
    self.columns = columns
    fitted = [Double](repeating: 0, count: columns * columns)
    heldOut = fitted
    if keepsDrift { (fittedDrift, heldOutDrift) = (fitted, fitted) }
  }

  /// Adds the rows of a batch.
  ///
  /// - Parameters:
  ///   - inputs: `[rows, columns]`
  ///   - originals: What went in before the layers before were quantized; nil if they are not.
  ///   - weights: How often each counts.
  ///   - isHeldOut: To which of the two sums.
  mutating func add(
    _ inputs: Matrix, originals: Matrix? = nil, weights: RowWeights, isHeldOut: Bool
  ) {
    guard inputs.columns == columns, inputs.rows > 0 else { return }
    let count = weights.sum(rows: inputs.rows)
    let columns = weights.scaled(inputs).transposed()
    if isHeldOut {
      counts.heldOut += count
      MomentSums.add(columns, columns, isSymmetric: true, weight: weights.all, to: &heldOut)
    } else {
      counts.fitted += count
      MomentSums.add(columns, columns, isSymmetric: true, weight: weights.all, to: &fitted)
    }
    guard var drift = originals, !fittedDrift.isEmpty, drift.rows == inputs.rows,
      drift.columns == inputs.columns
    else { return }
    for place in drift.values.indices { drift.values[place] -= inputs.values[place] }
    drift = weights.scaled(drift).transposed()
    if isHeldOut {
      MomentSums.add(columns, drift, isSymmetric: false, weight: weights.all, to: &heldOutDrift)
    } else {
      MomentSums.add(columns, drift, isSymmetric: false, weight: weights.all, to: &fittedDrift)
    }
  }

  /// - Parameters:
  ///   - left: `[columns, rows]`
  ///   - right: The same shape.
  ///   - isSymmetric: Whether the lower triangle is enough.
  ///   - weight: How often each row counts.
  ///   - sums: Receive the products.
  private static func add(
    _ left: Matrix, _ right: Matrix, isSymmetric: Bool, weight: Double, to sums: inout [Double]
  ) {
    let (columns, rows) = (left.rows, left.columns)
    let side = (columns + tile - 1) / tile
    sums.withUnsafeMutableBufferPointer { sums in
      nonisolated(unsafe) let sums = sums
      left.values.withUnsafeBufferPointer { left in
        right.values.withUnsafeBufferPointer { right in
          let (left, right) = (SharedReads(left), SharedReads(right))
          Parallel.forEach(
            side * side, scratch: { [Float](repeating: 0, count: tile * tile) }
          ) { index, product in
            let (i, j) = (index / side * tile, index % side * tile)
            guard j <= i || !isSymmetric else { return }
            let (height, width) = (min(tile, columns - i), min(tile, columns - j))
            product.withUnsafeMutableBufferPointer { product in
              guard let base = product.baseAddress else { return }
              BLAS.multiplyTransposed(
                m: height, n: width, k: rows, a: left.base + i * rows, aStride: rows,
                b: right.base + j * rows, bStride: rows, result: base, resultStride: tile)
              for row in 0..<height {
                for column in 0..<width {
                  sums[(i + row) * columns + j + column] +=
                    weight * Double(base[row * tile + column])
                }
              }
            }
          }
        }
      }
    }
  }

  /// Both sums of drift, one behind the other; empty where they are not kept.
  var drifts: [Float] { fittedDrift.map(Float.init) + heldOutDrift.map(Float.init) }

  /// Both sums as full matrices, one behind the other.
  var matrices: [Float] {
    let n = columns
    return [Float](unsafeUninitializedCapacity: 2 * n * n) { result, count in
      for (place, sums) in [fitted, heldOut].enumerated() {
        let start = place * n * n
        for i in 0..<n {
          for j in 0...i {
            let sum = Float(sums[i * n + j])
            result[start + i * n + j] = sum
            result[start + j * n + i] = sum
          }
        }
      }
      count = 2 * n * n
    }
  }
}
