// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra
import Testing

struct FeedForwardTests {
  static func layer(_ activation: Activation, gated: Bool, seed: UInt64 = 60) throws -> FeedForward
  {
    FeedForward(
      gate: gated ? try Samples.linear(40, 12, seed: seed, bias: true) : nil,
      up: try Samples.linear(40, 12, seed: seed + 1, bias: true),
      down: try Samples.linear(12, 40, seed: seed + 2, bias: true), activation: activation)
  }

  @Test(arguments: Activation.allCases, [false, true])
  func theActivationIsOnTheGateIfThereIsOne(_ activation: Activation, _ gated: Bool) throws {
    let layer = try Self.layer(activation, gated: gated)
    let x = Samples.matrix(5, 12, seed: 1)
    var acted = (layer.gate ?? layer.up)(x)
    activation.apply(to: &acted)
    let hidden =
      gated
      ? Matrix(
        rows: 5, columns: 40, values: zip(layer.up(x).values, acted.values).map { $0 * $1 })
      : acted
    #expect(layer(x) == layer.down(hidden))
  }

  @Test func aClosedGateLetsNothingThrough() throws {
    let zero = try Samples.weight([Float](repeating: 0, count: 40 * 12), rows: 40)
    let open = try Self.layer(.silu, gated: true)
    let closed = FeedForward(
      gate: Linear(weight: zero), up: open.up, down: open.down, activation: .silu)
    let y = closed(Samples.matrix(3, 12, seed: 2))
    for row in 0..<3 { #expect(Array(y.row(row)) == open.down.bias) }
  }

  @Test(arguments: [false, true])
  func workersDoNotChangeTheBits(_ gated: Bool) throws {
    let layer = try Self.layer(.gelu, gated: gated)
    let x = Samples.matrix(33, 12, seed: 3)
    let results = Samples.perWorkerCount { layer(x) }
    #expect(results.allSatisfy { $0 == results[0] })
  }
}
