// SPDX-License-Identifier: Apache-2.0

import Tensors

/// One whole number for each row and group of a packed weight: the code that stands for zero.
struct ZeroPlane: Sendable {
  enum Layout: Sendable {
    /// A stream of fields a group, one field a row.
    case rowsAlong(wordsPerGroup: Int)
    /// Words below each other, one column a group.
    case rowsDown(groups: Int)
    /// A row a group; a word holds eight rows in AWQ's order.
    case interleaved(wordsPerGroup: Int)
  }

  let tensor: StoredTensor
  let layout: Layout
  let bits: Int
  /// Whether the stored fields are one less than the zero points.
  ///
  /// The one was taken from words, not from fields: a zero point of 0 borrows from its neighbour,
  /// and adding to words gives both back. Only fields of 3 bits, which cross words, were changed
  /// one by one.
  let isOneLess: Bool

  /// The zero point of a row and group.
  func value(row: Int, group: Int) -> Float {
    switch layout {
    case .rowsAlong(let words):
      return field(row) { word in load(group * words + word) }
    case .rowsDown(let groups):
      return field(row) { word in load(word * groups + group) }
    case .interleaved(let words):
      let (word, place) = row.quotientAndRemainder(dividingBy: 8)
      return Float(load(group * words + word) >> UInt32(4 * CodePlane.interleaving[place]) & 15)
    }
  }

  private func load(_ index: Int) -> UInt32 {
    tensor.bytes.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)
  }

  private func field(_ index: Int, word: (Int) -> UInt32) -> Float {
    let mask = UInt64(1) << UInt64(bits) - 1
    let (place, shift) = (index * bits).quotientAndRemainder(dividingBy: 32)
    var stored = UInt64(word(place))
    guard isOneLess else {
      if shift + bits > 32 { stored |= UInt64(word(place + 1)) << 32 }
      return Float(stored >> UInt64(shift) & mask)
    }
    if 32 % bits == 0 {
      let ones = UInt32.max / UInt32(truncatingIfNeeded: mask)
      stored = UInt64(UInt32(truncatingIfNeeded: stored) &+ ones)
      return Float(stored >> UInt64(shift) & mask)
    }
    if shift + bits > 32 { stored |= UInt64(word(place + 1)) << 32 }
    return Float(((stored >> UInt64(shift)) &+ 1) & mask)
  }
}
