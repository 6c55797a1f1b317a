// SPDX-License-Identifier: Apache-2.0

import Layers

/// What the rotary frequencies of the layers behind it are divided by, where a checkpoint says so
/// in tensors: a GGUF has no other words for the scaling of Llama 3, nor for LongRoPE's.
struct RopeDivisorsBlock: Block {
  static let settings: Set<String> = []
  static let tensors: Set = ["divisors", "longDivisors"]

  init(_ reader: BlockReader) throws(ModelError) {
    for tensor in RopeDivisorsBlock.tensors { try reader.readRopeDivisors(tensor) }
  }

  func outputWidth(from width: Int) -> Int? { width }

  func run(_ flow: inout Flow) throws(ModelError) {}
}
