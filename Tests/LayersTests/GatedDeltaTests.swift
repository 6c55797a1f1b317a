// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra
import Testing

struct GatedDeltaTests {
  private static let (keyHeads, keySize, valueHeads, valueSize, width) = (2, 4, 6, 3, 5)

  /// A network of random weights, with a convolution over `taps` rows.
  private static func network(taps: Int = 3, decayRate: Float? = nil) throws -> GatedDelta {
    let values = valueHeads * valueSize
    let channels = 2 * keyHeads * keySize + values
    return GatedDelta(
      queryKeyValue: try Samples.linear(channels, width, seed: 1),
      gate: try Samples.linear(values, width, seed: 2),
      write: try Samples.linear(valueHeads, width, seed: 3),
      decay: try Samples.linear(valueHeads, width, seed: 4),
      convolution: CausalConvolution(taps: Samples.matrix(taps, channels, seed: 5), bias: nil),
      activation: .silu,
      decayRates: decayRate.map { [Float](repeating: $0, count: valueHeads) }
        ?? Samples.matrix(1, valueHeads, seed: 6).values,
      decayBias: Samples.matrix(1, valueHeads, seed: 7).values,
      norm: Norm(
        kind: .rootMeanSquare, weight: Samples.matrix(1, valueSize, seed: 8).values, bias: nil,
        epsilon: 1e-6),
      output: try Samples.linear(width, values, seed: 9), keyHeadCount: keyHeads,
      keyDimension: keySize)
  }

  private static func inputs(_ rows: Int) -> Matrix { Samples.matrix(rows, width, seed: 10) }

  @Test("a sequence in pieces gives the bits of the whole", arguments: [1, 2, 5])
  func pieces(size: Int) throws {
    let network = try GatedDeltaTests.network()
    let inputs = GatedDeltaTests.inputs(11)
    var none: KeyValueCache?
    let whole = network(inputs, batch: Batch(lengths: [11]), cache: &none)
    var cache: KeyValueCache? = KeyValueCache(sequenceCount: 1)
    var pieces: [Float] = []
    for start in stride(from: 0, to: 11, by: size) {
      let rows = start..<min(11, start + size)
      pieces +=
        network(
          inputs.rows(rows), batch: Batch(lengths: [rows.count], offsets: [start]), cache: &cache
        ).values
    }
    #expect(pieces == whole.values)
  }

  @Test("the bits do not depend on the number of workers")
  func workers() throws {
    let network = try GatedDeltaTests.network()
    let results = Samples.perWorkerCount {
      var none: KeyValueCache?
      return network(GatedDeltaTests.inputs(9), batch: Batch(lengths: [4, 5]), cache: &none).values
    }
    #expect(results.allSatisfy { $0 == results[0] })
  }

  @Test("sequences of a batch do not see each other")
  func batch() throws {
    let network = try GatedDeltaTests.network()
    let inputs = GatedDeltaTests.inputs(9)
    var none: KeyValueCache?
    let both = network(inputs, batch: Batch(lengths: [4, 5]), cache: &none)
    let alone = network(inputs.rows(4..<9), batch: Batch(lengths: [5]), cache: &none)
    #expect(Array(both.values.suffix(alone.values.count)) == alone.values)
  }

  @Test("what was written is forgotten at the rate that the weights say")
  func forgetting() throws {
    // Heads that forget everything at once have no memory: each row is as if it came first.
    let network = try GatedDeltaTests.network(taps: 1, decayRate: 80)
    let inputs = GatedDeltaTests.inputs(6)
    var none: KeyValueCache?
    let together = network(inputs, batch: Batch(lengths: [6]), cache: &none)
    let apart = network(
      inputs, batch: Batch(lengths: [Int](repeating: 1, count: 6)), cache: &none)
    #expect(together.values == apart.values)
    // With memory they are not.
    let keeping = try GatedDeltaTests.network(taps: 1, decayRate: -80)
    let kept = keeping(inputs, batch: Batch(lengths: [6]), cache: &none)
    let first = keeping(
      inputs, batch: Batch(lengths: [Int](repeating: 1, count: 6)), cache: &none)
    #expect(kept.values != first.values)
  }
}
