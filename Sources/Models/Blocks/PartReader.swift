// SPDX-License-Identifier: Apache-2.0

import Layers

/// What the blocks of a part share while they are read.
final class PartReader {
  var cacheCount = 0
  /// Where keys and values are that layers have kept, and how wide they are.
  var stores: [String: (index: Int, width: Int)] = [:]
  var table: (weight: Weight, parameter: Parameter)?
  /// What embeddings of tokens are multiplied with.
  var tableScale: Float = 1
  /// What rotary frequencies are divided by, by the tensors' names.
  var ropeDivisors: [String: [Float]] = [:]
}
