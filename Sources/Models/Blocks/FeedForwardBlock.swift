// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra

/// A feed-forward layer around a residual: `x + feedForward(norm(x))`.
struct FeedForwardBlock: Block {
  static let settings: Set = ["norm", "epsilon", "activation"]
  static let tensors: Set = ["norm", "gate", "up", "down"]

  private let norm: Norm
  private let feedForward: FeedForward

  init(_ reader: BlockReader) throws(ModelError) {
    norm = try reader.norm()
    feedForward = FeedForward(
      gate: reader.hasTensor("gate") ? try reader.linear("gate") : nil,
      up: try reader.linear("up"), down: try reader.linear("down"),
      activation: try reader.activation())
  }

  func outputWidth(from width: Int) -> Int? {
    norm.outputWidth(from: width) == width && feedForward.outputWidth(from: width) == width
      ? width : nil
  }

  func run(_ flow: inout Flow) throws(ModelError) { flow.hidden += feedForward(norm(flow.hidden)) }
}
