// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra

/// A feed-forward layer around a residual: `x + postNorm(feedForward(norm(x)))`.
struct FeedForwardBlock: Block {
  static let settings = Residual.settings.union(["activation"])
  static let tensors = Residual.tensors.union(["gate", "up", "gateUp", "down"])

  private let residual: Residual
  private let feedForward: FeedForward

  init(_ reader: BlockReader) throws(ModelError) {
    residual = try Residual(reader)
    let down = try reader.linear("down")
    let (gate, up): (Linear?, Linear)
    if reader.hasTensor("gateUp") {
      let joint = try reader.linears(
        joint: "gateUp", heights: [down.weight.columns, down.weight.columns])
      (gate, up) = (joint[0], joint[1])
    } else {
      gate = reader.hasTensor("gate") ? try reader.linear("gate") : nil
      up = try reader.linear("up")
    }
    feedForward = FeedForward(
      gate: gate, up: up, down: down, activation: try reader.activation())
  }

  func outputWidth(from width: Int) -> Int? {
    residual.accepts(width) && feedForward.outputWidth(from: width) == width
      ? width : nil
  }

  func run(_ flow: inout Flow) throws(ModelError) {
    residual.run(&flow.hidden) { feedForward($0) }
  }
}
