// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

struct ExpertsTests {
  static let expertCount = 5
  /// Both products and the shares round: a few times the terms of the sums.
  static let roundings = 4 * (12 + 40 + expertCount)

  static func experts(
    chosen: Int, renormalizes: Bool, equal: Bool = false, router: [Float]? = nil
  ) throws -> Experts {
    let weight = router ?? Samples.values(expertCount, 12, seed: 70)
    return Experts(
      router: Linear(weight: try Samples.weight(weight, rows: expertCount)),
      experts: try (0..<expertCount).map {
        try FeedForwardTests.layer(.silu, gated: true, seed: 80 + (equal ? 0 : 10 * UInt64($0)))
      }, chosenCount: chosen, renormalizes: renormalizes)
  }

  /// Shares of the experts for each row, by the formula.
  static func shares(_ experts: Experts, _ x: Matrix) -> [[Double]] {
    let logits = experts.router(x)
    return (0..<x.rows).map { row in
      let weights = logits.row(row).map { exp(Double($0)) }
      let total = weights.reduce(0, +)
      let all = weights.map { $0 / total }
      let chosen = all.indices.sorted { all[$0] > all[$1] }.prefix(experts.chosenCount)
      let sum = experts.renormalizes ? chosen.reduce(0) { $0 + all[$1] } : 1
      return all.indices.map { chosen.contains($0) ? all[$0] / sum : 0 }
    }
  }

  @Test(arguments: 1...expertCount)
  func equalExpertsAreOneFeedForward(_ chosen: Int) throws {
    let layer = try Self.experts(chosen: chosen, renormalizes: true, equal: true)
    let x = Samples.matrix(9, 12, seed: 1)
    #expect(Samples.near(layer(x), layer.experts[0](x), roundings: Self.roundings))
  }

  @Test(arguments: 1...expertCount, [false, true])
  func resultsAreTheWeightedSumOfTheChosen(_ chosen: Int, _ renormalizes: Bool) throws {
    let layer = try Self.experts(chosen: chosen, renormalizes: renormalizes)
    let x = Samples.matrix(11, 12, seed: 2)
    let shares = Self.shares(layer, x)
    let outputs = layer.experts.map { $0(x) }
    var expected = Matrix(rows: 11, columns: 12)
    for i in expected.values.indices {
      expected.values[i] = Float(
        zip(outputs, shares[i / 12]).reduce(0.0) { $0 + Double($1.0.values[i]) * $1.1 })
    }
    #expect(Samples.near(layer(x), expected, roundings: Self.roundings))
  }

  @Test func equalSharesGoToTheFirstExperts() throws {
    let layer = try Self.experts(
      chosen: 2, renormalizes: true, router: [Float](repeating: 0, count: Self.expertCount * 12))
    let x = Samples.matrix(4, 12, seed: 3)
    let outputs = layer.experts.prefix(2).map { $0(x).values }
    let expected = Matrix(
      rows: 4, columns: 12, values: zip(outputs[0], outputs[1]).map { ($0 + $1) / 2 })
    #expect(Samples.near(layer(x), expected, roundings: Self.roundings))
  }

  @Test(arguments: [1, 3])
  func tokensDoNotMeet(_ chosen: Int) throws {
    let layer = try Self.experts(chosen: chosen, renormalizes: false)
    let x = Samples.matrix(8, 12, seed: 4)
    let together = layer(x)
    for row in 0..<8 {
      #expect(
        Samples.near(
          layer(x.rows(row..<row + 1)), together.rows(row..<row + 1), roundings: Self.roundings))
    }
  }

  @Test func workersDoNotChangeTheBits() throws {
    let layer = try Self.experts(chosen: 2, renormalizes: true)
    let x = Samples.matrix(40, 12, seed: 5)
    let results = Samples.perWorkerCount { layer(x) }
    #expect(results.allSatisfy { $0 == results[0] })
  }
}
