// SPDX-License-Identifier: Apache-2.0

import Layers

/// What the rotary frequencies of the layers behind it are divided by, where a checkpoint says so
/// in a tensor: a GGUF has no other words for the scaling of Llama 3.
struct RopeDivisorsBlock: Block {
  static let settings: Set<String> = []
  static let tensors: Set = ["divisors"]

  init(_ reader: BlockReader) throws(ModelError) { try reader.readRopeDivisors("divisors") }

  func outputWidth(from width: Int) -> Int? { width }

  func run(_ flow: inout Flow) throws(ModelError) {}
}
