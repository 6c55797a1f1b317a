// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra

/// A gated convolution over the last tokens around a residual:
/// `x + postNorm(convolution(norm(x)))`.
struct ShortConvolutionBlock: Block {
  static let settings = Residual.settings
  static let tensors = Residual.tensors.union(["input", "convolution", "output"])

  private let residual: Residual
  private let convolution: ShortConvolution
  private let cacheIndex: Int

  init(_ reader: BlockReader) throws(ModelError) {
    residual = try Residual(reader)
    convolution = ShortConvolution(
      input: try reader.linear("input"), convolution: try reader.causalConvolution("convolution"),
      output: try reader.linear("output"))
    cacheIndex = reader.nextCacheIndex()
  }

  func outputWidth(from width: Int) -> Int? {
    let channels = convolution.convolution.taps.columns
    guard residual.accepts(width), convolution.convolution.taps.rows > 0,
      convolution.input.outputWidth(from: width) == 3 * channels,
      convolution.output.outputWidth(from: channels) == width
    else { return nil }
    return width
  }

  func run(_ flow: inout Flow) throws(ModelError) {
    let batch = flow.batch
    var cache = flow.takeCache(at: cacheIndex)
    residual.run(&flow.hidden) { convolution($0, batch: batch, cache: &cache) }
    flow.putCache(cache, at: cacheIndex)
  }
}
