// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra

/// A gated delta network around a residual: `x + postNorm(delta(norm(x)))`.
struct GatedDeltaBlock: Block {
  static let settings = Residual.settings.union(["keyHeads", "keyDimension", "activation"])
  static let tensors = Residual.tensors.union([
    "queryKeyValue", "gate", "write", "decay", "convolution", "decayRates", "decayBias", "headNorm",
    "output",
  ])

  private let residual: Residual
  private let delta: GatedDelta
  private let cacheIndex: Int

  init(_ reader: BlockReader) throws(ModelError) {
    residual = try Residual(reader)
    delta = GatedDelta(
      queryKeyValue: try reader.linear("queryKeyValue"), gate: try reader.linear("gate"),
      write: try reader.linear("write"), decay: try reader.linear("decay"),
      convolution: try reader.causalConvolution("convolution"),
      activation: try reader.activation(), decayRates: try reader.values("decayRates"),
      decayBias: try reader.values("decayBias"),
      // What is added to the weights of other norms is not added to this one's.
      norm: Norm(
        kind: .rootMeanSquare, weight: try reader.values("headNorm"), bias: nil,
        epsilon: Float(try reader.number("epsilon"))),
      output: try reader.linear("output"), keyHeadCount: try reader.count("keyHeads"),
      keyDimension: try reader.count("keyDimension"))
    guard delta.valueHeadCount % delta.keyHeadCount == 0 else {
      throw reader.error(
        "\(delta.valueHeadCount) value heads are no multiple of \(delta.keyHeadCount) key heads")
    }
    cacheIndex = reader.nextCacheIndex()
  }

  func outputWidth(from width: Int) -> Int? {
    let values = delta.valueHeadCount * delta.valueDimension
    let channels = 2 * delta.keyHeadCount * delta.keyDimension + values
    guard residual.accepts(width), delta.convolution.taps.rows > 0,
      delta.decayBias.count == delta.valueHeadCount, delta.valueDimension > 0,
      delta.convolution.taps.columns == channels,
      delta.queryKeyValue.outputWidth(from: width) == channels,
      delta.gate.outputWidth(from: width) == values,
      delta.write.outputWidth(from: width) == delta.valueHeadCount,
      delta.decay.outputWidth(from: width) == delta.valueHeadCount,
      delta.output.outputWidth(from: values) == width
    else { return nil }
    return width
  }

  func run(_ flow: inout Flow) throws(ModelError) {
    let batch = flow.batch
    var cache = flow.takeCache(at: cacheIndex)
    residual.run(&flow.hidden) { delta($0, batch: batch, cache: &cache) }
    flow.putCache(cache, at: cacheIndex)
  }
}

extension BlockReader {
  /// A convolution of each channel over the last tokens, stored `[channels, 1, taps]`.
  func causalConvolution(_ key: String) throws(ModelError) -> CausalConvolution {
    let kernels = try weight(key)
    let taps = Matrix(rows: kernels.rows, columns: kernels.columns, values: kernels.values())
    return CausalConvolution(taps: taps.transposed(), bias: try valuesIfPresent(key + ".bias"))
  }
}
