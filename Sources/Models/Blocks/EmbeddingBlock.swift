// SPDX-License-Identifier: Apache-2.0

import Layers

/// The table of token embeddings.
///
/// Looking tokens up, and putting images in their places, is done before the first step, by
/// ``ForwardPass``.
struct EmbeddingBlock: Block {
  static let settings: Set<String> = []
  static let tensors: Set = ["table"]

  init(_ reader: BlockReader) throws(ModelError) { try reader.readTable("table") }

  func outputWidth(from width: Int) -> Int? { width }

  func run(_ flow: inout Flow) throws(ModelError) {}
}
