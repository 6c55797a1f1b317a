// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra

/// From hidden states to logits, through a matrix of its own or the table of embeddings.
struct OutputBlock: Block {
  static let settings: Set = ["softCap"]
  static let tensors: Set = ["output"]

  private let linear: Linear
  /// Bounds the logits, if it is set.
  private let softCap: SoftCap?

  init(_ reader: BlockReader) throws(ModelError) {
    softCap = try reader.softCap("softCap")
    if reader.hasTensor("output") {
      linear = try reader.linear("output")
    } else if let tied = reader.tiedOutput {
      linear = tied
    } else {
      throw reader.error("there is neither an output matrix nor a table to share")
    }
  }

  func outputWidth(from width: Int) -> Int? { linear.outputWidth(from: width) }

  func run(_ flow: inout Flow) throws(ModelError) {
    flow.hidden = linear(
      flow.outputRows.map { flow.hidden.gathered($0) } ?? flow.hidden, rows: flow.outputRows)
    softCap?.apply(to: &flow.hidden)
  }
}
