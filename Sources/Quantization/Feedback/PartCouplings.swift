// SPDX-License-Identifier: Apache-2.0

/// How the elements of each part act together, for parts in the order of coding.
///
/// With H = Bᵀ D B, a part whose elements before it are coded leaves |D^½ (B' e + s)|² of the error, B' its
/// own square of B and s what the others couple into it; of all errors together it leaves e H' e + 2 e g.
/// Both are least at −B'⁻¹ s and −H'⁻¹ g.
struct PartCouplings: Sendable {
  /// The part of the row at each place, and the place of each part.
  let order: [Int32]
  let places: [Int32]
  /// B'⁻¹, and what errors from its point on cost: B'ᵀ D B'; `[parts, size, size]`.
  let solveFactor: [Float]
  let metricFactor: [Float]
  /// H'⁻¹ and H'.
  let solve: [Float]
  let metric: [Float]

  /// - Parameters:
  ///   - order: The column of each place; parts stay together.
  ///   - couplings: B, in that order.
  ///   - moments: H, in that order.
  ///   - pivots: D.
  ///   - size: Elements of a part.
  init(order: [Int32], couplings: [Float], moments: [Float], pivots: [Double], size: Int) {
    let n = order.count
    let parts = n / size
    self.order = (0..<parts).map { order[$0 * size] / Int32(size) }
    var places = [Int32](repeating: 0, count: parts)
    for (place, part) in self.order.enumerated() { places[Int(part)] = Int32(place) }
    self.places = places
    var (solveFactor, metricFactor): ([Float], [Float]) = ([], [])
    var (solve, metric): ([Float], [Float]) = ([], [])
    for part in 0..<parts {
      func square(_ matrix: [Float]) -> [[Double]] {
        (0..<size).map { i in
          (0..<size).map { j in Double(matrix[(part * size + i) * n + part * size + j]) }
        }
      }
      let (own, all) = (square(couplings), square(moments))
      solveFactor += PartCouplings.inverse(of: own).joined().map(Float.init)
      solve += PartCouplings.inverse(of: all).joined().map(Float.init)
      metric += all.joined().map(Float.init)
      for i in 0..<size {
        for j in 0..<size {
          metricFactor.append(
            Float(
              (0..<size).reduce(0) { $0 + own[$1][i] * pivots[part * size + $1] * own[$1][j] }))
        }
      }
    }
    (self.solveFactor, self.metricFactor) = (solveFactor, metricFactor)
    (self.solve, self.metric) = (solve, metric)
  }

  /// By Gauss and Jordan, without exchanges: what is inverted is positive, or has ones on its diagonal.
  private static func inverse(of matrix: [[Double]]) -> [[Double]] {
    let n = matrix.count
    var (left, right) = (matrix, matrix)
    for i in 0..<n { for j in 0..<n { right[i][j] = i == j ? 1 : 0 } }
    for pivot in 0..<n {
      let scale = 1 / left[pivot][pivot]
      for j in 0..<n {
        left[pivot][j] *= scale
        right[pivot][j] *= scale
      }
      for i in 0..<n where i != pivot {
        let factor = left[i][pivot]
        for j in 0..<n {
          left[i][j] -= factor * left[pivot][j]
          right[i][j] -= factor * right[pivot][j]
        }
      }
    }
    return right
  }
}
