// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinearAlgebra
import TestSupport
import Testing
import Verification

struct TokenStatisticsTests {
  private static func logits(_ rows: Int, _ columns: Int, seed: UInt64) -> Matrix {
    var random = SplitMix64(seed: seed)
    return Matrix(
      rows: rows, columns: columns,
      values: (0..<rows * columns).map { _ in Float.random(in: -8...8, using: &random) })
  }

  /// Softmax in f64, straight from the definition.
  private static func probabilities(_ row: ArraySlice<Float>) -> [Double] {
    let powers = row.map { exp(Double($0)) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }

  @Test("divergence, agreement and perplexity are those of the definition")
  func definition() {
    let (p, q) = (
      TokenStatisticsTests.logits(50, 97, seed: 1), TokenStatisticsTests.logits(50, 97, seed: 2)
    )
    let targets = (0..<50).map { ($0 * 31) % 97 }
    var statistics = TokenStatistics()
    statistics.add(reference: p, candidate: q, targets: targets)
    var (divergence, largest, same, loss, shared) = (0.0, 0.0, 0, 0.0, 0)
    for row in 0..<50 {
      let a = TokenStatisticsTests.probabilities(p.row(row))
      let b = TokenStatisticsTests.probabilities(q.row(row))
      let own = zip(a, b).reduce(0) { $0 + $1.0 * log($1.0 / $1.1) }
      divergence += own
      largest = max(largest, own)
      loss -= log(b[targets[row]])
      if a.firstIndex(of: a.max() ?? 0) == b.firstIndex(of: b.max() ?? 0) { same += 1 }
      func five(_ row: [Double]) -> Set<Int> {
        Set(row.indices.sorted { row[$0] > row[$1] }.prefix(5))
      }
      shared += five(a).intersection(five(b)).count
    }
    #expect(statistics.count == 50)
    // Sums of a hundred f64 terms, in another order.
    #expect(abs(statistics.meanDivergence - divergence / 50) < 1e-12)
    #expect(abs(statistics.largestDivergence - largest) < 1e-12)
    #expect(statistics.agreement == Double(same) / 50)
    #expect(statistics.predictions.reduce(0) { $0 + $1.sharedTopFive } == shared)
    #expect(abs(statistics.candidatePerplexity / exp(loss / 50) - 1) < 1e-12)
  }

  @Test("what is the same has no divergence, and any shift of logits is the same")
  func identity() {
    let p = TokenStatisticsTests.logits(20, 33, seed: 4)
    var statistics = TokenStatistics()
    statistics.add(reference: p, candidate: p, targets: Array(0..<20))
    #expect(statistics.meanDivergence == 0)
    #expect(statistics.agreement == 1)
    #expect(statistics.referencePerplexity == statistics.candidatePerplexity)
    // A power of two that leaves every logit exact.
    let shifted = Matrix(
      rows: 20, columns: 33, values: p.values.map { ($0 * 1024).rounded() / 1024 })
    let moved = Matrix(rows: 20, columns: 33, values: shifted.values.map { $0 + 16 })
    var other = TokenStatistics()
    other.add(reference: shifted, candidate: moved, targets: Array(0..<20))
    #expect(other.meanDivergence < 1e-13)
    #expect(other.agreement == 1)
  }

  @Test("it is never negative, whatever the rounding")
  func neverNegative() {
    for seed in 0..<40 as Range<UInt64> {
      let p = TokenStatisticsTests.logits(4, 500, seed: seed)
      let q = Matrix(rows: 4, columns: 500, values: p.values.map { $0 * (1 + 1e-6) })
      var statistics = TokenStatistics()
      statistics.add(reference: p, candidate: q, targets: [0, 1, 2, 3])
      #expect(statistics.meanDivergence >= 0)
      #expect(statistics.meanDivergence < 1e-6)
    }
  }

  @Test("parts add up to the whole")
  func parts() {
    let (p, q) = (
      TokenStatisticsTests.logits(30, 11, seed: 7), TokenStatisticsTests.logits(30, 11, seed: 8)
    )
    let targets = (0..<30).map { $0 % 11 }
    var whole = TokenStatistics()
    whole.add(reference: p, candidate: q, targets: targets)
    var sum = TokenStatistics()
    for range in [0..<13, 13..<30] {
      var part = TokenStatistics()
      part.add(
        reference: p.rows(range), candidate: q.rows(range), targets: Array(targets[range]))
      sum.add(part)
    }
    #expect(sum.count == whole.count)
    #expect(abs(sum.meanDivergence - whole.meanDivergence) < 1e-13)
    #expect(sum.agreement == whole.agreement)
    #expect(sum.largestDivergence == whole.largestDivergence)
  }
}
