// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import CKernels
import Parallelism
import Tensors

/// The second moments of a layer's inputs, ready for feedback: regularised, in the order of coding,
/// and factored.
///
/// What tokens say of how columns go together is partly chance: off the diagonal, moments are shrunk
/// by the share that chance has in them (Schäfer and Strimmer, A Shrinkage Approach to Large-Scale
/// Covariance Matrix Estimation, 2005). The diagonal is raised by a hundredth of its mean, and more
/// where the factorisation needs it (Frantar et al., GPTQ, 2022).
package final class Curvature: Sendable {
  package let columns: Int
  /// The columns in the order in which they are coded: the most important first, while all others can
  /// still make up for them.
  let order: [Int32]
  /// The place of each column in that order.
  let places: [Int32]
  /// `[columns, columns]`, in the order of coding.
  let moments: [Float]
  /// Its diagonal.
  let diagonal: [Float]
  /// B of H = Bᵀ D B: ones on the diagonal, nothing above it.
  let couplings: [Float]
  /// D.
  let pivots: [Float]
  /// How inputs and what they have lost go together, as ``InputMoments/Source/fittedDrift``,
  /// `[columns, columns]` in the order of coding; nil where they are as they were.
  let drift: [Float]?
  /// What parts of several elements need.
  let parts: PartCouplings

  private static let damping = 0.01
  private static let attempts = 5
  /// The share of tokens that count as independent of their neighbours.
  private static let independentShare = 0.5
  /// Rows whose update is one piece of work.
  private static let updateRows = 64

  /// Factors moments, in f64; nil if they are no numbers, or nothing went into the layer.
  ///
  /// - Parameters:
  ///   - input: Of one layer.
  ///   - partSize: Columns that are coded together, and stay together.
  package init?(_ input: InputMoments, partSize: Int = 1) {
    let n = input.columns
    let fitted = input.source.fitted
    let factors = input.divisors.map { $0.map { 1 / $0 } }
    let stored = (0..<n).map { Double(fitted[$0 * n + $0]) }
    let raw = factors.map { zip(stored, $0).map { $0 * Double($1) * Double($1) } } ?? stored
    let mean = raw.reduce(0, +) / Double(max(1, n))
    guard n > 0, n % partSize == 0, mean.isFinite, mean > 0 else { return nil }
    let importance = (0..<n / partSize).map { part in
      raw[part * partSize..<(part + 1) * partSize].reduce(0, +)
    }
    let order = importance.indices
      .sorted { (importance[$1], $0) < (importance[$0], $1) }
      .flatMap { Array($0 * partSize..<($0 + 1) * partSize) }
    let kept = Float(1 - Curvature.chance(in: fitted, diagonal: stored, count: input.count))
    var moments = Curvature.reordered(fitted, by: order, times: kept, factors)
    var damping = Curvature.damping * mean
    for _ in 0..<Curvature.attempts {
      for i in 0..<n { moments[i * n + i] = Float(raw[order[i]] + damping) }
      guard
        let (couplings, pivots) = Curvature.factor(moments, n: n, least: 1e-9 * mean)
      else {
        damping *= 10
        continue
      }
      columns = n
      self.order = order.map(Int32.init)
      var places = [Int32](repeating: 0, count: n)
      for (place, column) in order.enumerated() { places[column] = Int32(place) }
      self.places = places
      diagonal = (0..<n).map { moments[$0 * n + $0] }
      self.moments = moments
      self.couplings = couplings
      self.pivots = pivots.map(Float.init)
      drift = input.source.fittedDrift.map { Curvature.reordered($0, by: order, factors) }
      parts = PartCouplings(
        order: self.order, couplings: couplings, moments: moments, pivots: pivots, size: partSize)
      return
    }
    return nil
  }

  /// Moments of the same columns, held out, in the order of coding.
  func heldOut(_ input: InputMoments) -> OrderedMoments {
    let order = order.map(Int.init)
    let factors = input.divisors.map { $0.map { 1 / $0 } }
    return OrderedMoments(
      products: Curvature.reordered(input.source.heldOut, by: order, factors),
      drift: input.source.heldOutDrift.map { Curvature.reordered($0, by: order, factors) })
  }

  private static func reordered(
    _ moments: UnsafeBufferPointer<Float>, by order: [Int], times factor: Float = 1,
    _ factors: [Float]?
  ) -> [Float] {
    let n = order.count
    return [Float](unsafeUninitializedCapacity: n * n) { result, count in
      for (i, row) in order.enumerated() {
        for (j, column) in order.enumerated() {
          result[i * n + j] = moments[row * n + column] * factor
        }
      }
      if let factors {
        for (i, row) in order.enumerated() {
          for (j, column) in order.enumerated() {
            result[i * n + j] *= factors[row] * factors[column]
          }
        }
      }
      count = n * n
    }
  }

  /// The share of chance in squared correlations, from 0 to 1.
  private static func chance(
    in moments: UnsafeBufferPointer<Float>, diagonal: [Double], count: Double
  ) -> Double {
    let n = diagonal.count
    let inverses = diagonal.map { $0 > 0 ? 1 / $0 : 0 }
    var (squares, pairs) = (0.0, 0.0)
    let used = inverses.filter { $0 > 0 }.count
    for i in 0..<n where inverses[i] > 0 {
      var sum = 0.0
      for j in 0..<i {
        let moment = Double(moments[i * n + j])
        sum += moment * moment * inverses[j]
      }
      squares += sum * inverses[i]
    }
    pairs = Double(used) * Double(used - 1) / 2
    let tokens = max(1, count * independentShare)
    guard squares > 0, squares.isFinite else { return 1 }
    return min(1, pairs / tokens / squares)
  }

  /// B and D; nil if moments are not positive definite.
  private static func factor(
    _ moments: [Float], n: Int, least: Double
  ) -> (couplings: [Float], pivots: [Double])? {
    var matrix = moments.map(Double.init)
    let set = InstructionSet.current.kernel
    let isPositive = matrix.withUnsafeMutableBufferPointer { matrix -> Bool in
      guard let base = matrix.baseAddress else { return false }
      nonisolated(unsafe) let shared = base
      var last = n
      while last > 0 {
        let first = max(0, last - Int(PK_FACTOR_BLOCK))
        var isPositive: Int32 = 0
        pk_factor_rows(set, base, n, first, last, least, &isPositive)
        guard isPositive != 0 else { return false }
        let (rows, end) = (first, last)
        Parallel.forEach((rows + updateRows - 1) / updateRows) { chunk in
          pk_factor_update(
            set, shared, n, chunk * updateRows, min(rows, (chunk + 1) * updateRows), rows, end)
        }
        last = first
      }
      return true
    }
    guard isPositive else { return nil }
    let couplings = [Float](unsafeUninitializedCapacity: n * n) { result, count in
      for i in 0..<n {
        for j in 0..<n {
          result[i * n + j] = j > i ? 0 : Float(matrix[i * n + j] / matrix[i * n + i])
        }
      }
      count = n * n
    }
    return (couplings, (0..<n).map { matrix[$0 * n + $0] })
  }
}
