// SPDX-License-Identifier: Apache-2.0

import CKernels
import TestSupport
import Testing

struct FeedbackKernelsTests {
  private static let (columns, groupSize, lanes) = (91, 13, Int(PK_FEEDBACK_LANES))
  private static let sets = [PK_BASELINE, PK_AVX2, PK_AVX512].filter { pk_supports($0) != 0 }

  /// Everything that the kernels write, after a pass of each kind.
  private struct Outcome: Equatable {
    var errors: [Float]
    var codes: [UInt8]
    var steps: [Float]
    var offsets: [Float]
    var factors: [Float]
    var losses: [[Double]] = []
  }

  private static func symmetric(_ random: inout SplitMix64) -> [Float] {
    let n = columns
    let x = random.normal(n * 3 * n)
    var matrix = [Float](repeating: 0, count: n * n)
    for i in 0..<n {
      for j in 0..<n {
        for row in 0..<3 * n { matrix[i * n + j] += x[row * n + i] * x[row * n + j] }
      }
    }
    return matrix
  }

  private static func run(_ set: pk_instruction_set, levels: [Float], isEven: Bool) -> Outcome {
    let (n, groups) = (columns, columns / groupSize)
    var random = SplitMix64(seed: 5)
    let moments = symmetric(&random)
    let diagonal = (0..<n).map { moments[$0 * n + $0] }
    let targets = random.normal(n * lanes)
    // Of either sign, and none at all.
    let factors = random.normal(2 * lanes).enumerated().map { $0 % 9 == 0 ? 0 : Float(Float16($1)) }
    let integers = random.normal(2 * groups * lanes).map { ($0 * 8).rounded() }
    let order = (0..<Int32(n)).map { Int32(n) - 1 - $0 }
    let places = order
    var out = Outcome(
      errors: [Float](repeating: 0, count: n * lanes),
      codes: [UInt8](repeating: 0, count: n * lanes),
      steps: (0..<groups * lanes).map { factors[$0 % lanes] * integers[$0] },
      offsets: (0..<groups * lanes).map {
        factors[lanes + $0 % lanes] * integers[groups * lanes + $0]
      }, factors: factors)
    levels.withUnsafeBufferPointer { levels in
      order.withUnsafeBufferPointer { order in
        targets.withUnsafeBufferPointer { targets in
          out.errors.withUnsafeMutableBufferPointer { errors in
            out.codes.withUnsafeMutableBufferPointer { codes in
              out.steps.withUnsafeMutableBufferPointer { steps in
                out.offsets.withUnsafeMutableBufferPointer { offsets in
                  let grid = pk_level_grid(
                    group: groupSize, levels: levels.baseAddress, level_count: Int32(levels.count),
                    is_even: isEven ? 1 : 0)
                  let rows = pk_feedback_rows(
                    columns: n, order: order.baseAddress, targets: targets.baseAddress,
                    errors: errors.baseAddress, codes: codes.baseAddress, steps: steps.baseAddress,
                    offsets: offsets.baseAddress)
                  var losses = [Double](repeating: 0, count: lanes)
                  pk_feedback_sweep(set, grid, nil, nil, 1, rows)
                  pk_feedback_product(
                    set, moments, n, errors.baseAddress, errors.baseAddress, &losses)
                  out.losses.append(losses)
                  for _ in 0..<2 {
                    pk_feedback_sweep(set, grid, moments, diagonal, 0, rows)
                    pk_feedback_product(
                      set, moments, n, errors.baseAddress, errors.baseAddress, &losses)
                    out.losses.append(losses)
                    pk_feedback_refit(
                      set, grid, moments, places, n, PK_STORED_F16, 0, &out.factors, rows)
                    pk_feedback_product(
                      set, moments, n, errors.baseAddress, errors.baseAddress, &losses)
                    out.losses.append(losses)
                  }
                }
              }
            }
          }
        }
      }
    }
    return out
  }

  @Test(
    "no pass raises the loss, and all instruction sets give the same bits",
    arguments: [true, false])
  func passes(_ isEven: Bool) {
    let levels: [Float] = isEven ? (-4..<4).map(Float.init) : [-9, -3, -1, 0, 2, 7]
    let outcomes = Self.sets.map { Self.run($0, levels: levels, isEven: isEven) }
    for outcome in outcomes { #expect(outcome == outcomes[0]) }
    let losses = outcomes[0].losses
    for (before, after) in zip(losses, losses.dropFirst()) {
      for lane in 0..<Self.lanes {
        // Sums of 91 products in Float32, which cancel in part.
        #expect(after[lane] <= before[lane] + 1e-4 * (losses[0][lane] + 1))
      }
    }
    #expect(losses[4].reduce(0, +) < 0.9 * losses[0].reduce(0, +))
  }

  @Test("a factored matrix multiplies back to itself, on all instruction sets alike")
  func factor() {
    let n = Self.columns
    var random = SplitMix64(seed: 9)
    let matrix = Self.symmetric(&random).map(Double.init)
    let factored = Self.sets.map { set in
      var result = matrix
      var last = n
      while last > 0 {
        let first = max(0, last - Int(PK_FACTOR_BLOCK))
        var isPositive: Int32 = 0
        pk_factor_rows(set, &result, n, first, last, 0, &isPositive)
        #expect(isPositive == 1)
        pk_factor_update(set, &result, n, 0, first, first, last)
        last = first
      }
      return (0..<n).map { row in Array(result[row * n..<row * n + row + 1]) }
    }
    for rows in factored { #expect(rows == factored[0]) }
    // H = Bᵀ D B, where row i holds D[i] B[i].
    for i in 0..<n {
      for j in 0...i {
        let sum = (i..<n).reduce(0.0) { sum, k in
          sum + factored[0][k][i] * factored[0][k][j] / factored[0][k][k]
        }
        // Elements of the factors are at most as large as the diagonal.
        let room = Double(n) * 4 * Double.ulpOfOne * matrix[i * n + i].squareRoot()
        #expect(abs(sum - matrix[i * n + j]) <= room * matrix[j * n + j].squareRoot())
      }
    }
  }

  @Test("what makes up for drift solves its equations, on all instruction sets alike")
  func shift() {
    let (n, lanes) = (Self.columns, Self.lanes)
    var random = SplitMix64(seed: 11)
    let moments = Self.symmetric(&random)
    let (drift, values) = (random.normal(n * n), random.normal(n * lanes))
    var factored = moments.map(Double.init)
    for last in stride(from: n, to: 0, by: -Int(PK_FACTOR_BLOCK)) {
      let first = max(0, last - Int(PK_FACTOR_BLOCK))
      var isPositive: Int32 = 0
      pk_factor_rows(PK_BASELINE, &factored, n, first, last, 0, &isPositive)
      pk_factor_update(PK_BASELINE, &factored, n, 0, first, first, last)
    }
    let pivots = (0..<n).map { Float(factored[$0 * n + $0]) }
    let couplings = (0..<n * n).map { place -> Float in
      let (i, j) = (place / n, place % n)
      return j > i ? 0 : Float(factored[place] / factored[i * n + i])
    }
    let results = Self.sets.map { set in
      var shifts = [Float](repeating: .nan, count: n * lanes)
      pk_feedback_shift(set, drift, couplings, pivots, n, values, &shifts)
      return shifts
    }
    for shifts in results { #expect(shifts == results[0]) }
    for lane in 0..<lanes {
      func product(_ matrix: [Float], _ vector: [Float], _ row: Int) -> Double {
        (0..<n).reduce(0) {
          $0 + Double(matrix[row * n + $1]) * Double(vector[$1 * lanes + lane])
        }
      }
      let size = (0..<n).map { abs(product(drift, values, $0)) }.max() ?? 0
      for row in 0..<n {
        let (left, right) = (product(moments, results[0], row), product(drift, values, row))
        // Three times as many rows as columns: the condition is about 14.
        #expect(abs(left - right) <= 14 * Double(n) * Double(Float.ulpOfOne) * size)
      }
    }
  }

  @Test("a matrix that is not positive is told")
  func indefinite() {
    var matrix: [Double] = [1, 0, 2, 1]
    var isPositive: Int32 = 1
    pk_factor_rows(PK_BASELINE, &matrix, 2, 0, 2, 0, &isPositive)
    #expect(isPositive == 0)
  }
}
