// SPDX-License-Identifier: Apache-2.0

import Layers

/// The table of token embeddings, which are multiplied with `scale`; images are not.
///
/// Looking tokens up, and putting images in their places, is done before the first step, by
/// ``ForwardPass``.
struct EmbeddingBlock: Block {
  static let settings: Set = ["scale"]
  static let tensors: Set = ["table"]

  init(_ reader: BlockReader) throws(ModelError) {
    try reader.readTable("table", scale: Float(try reader.number("scale", default: 1)))
  }

  func outputWidth(from width: Int) -> Int? { width }

  func run(_ flow: inout Flow) throws(ModelError) {}
}
