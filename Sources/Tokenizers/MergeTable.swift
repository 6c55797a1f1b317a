// SPDX-License-Identifier: Apache-2.0

/// The merges of a BPE vocabulary: a pair of ids → its rank and the id of the merged piece.
struct MergeTable: Sendable {
  private var keys: [UInt64]
  private var merges: [Merge]
  private var count = 0

  init(capacity: Int) {
    var slotCount = 16
    while slotCount < 2 * capacity { slotCount *= 2 }
    keys = Array(repeating: .max, count: slotCount)
    merges = Array(repeating: Merge(rank: 0, id: 0), count: slotCount)
  }

  /// Of equal pairs the last rank stays, as in a dictionary filled in order.
  mutating func insert(left: Int32, right: Int32, _ merge: Merge) {
    if 2 * (count + 1) > keys.count { grow() }
    let key = Self.key(left, right)
    let slot = self.slot(of: key)
    if keys[slot] == .max { count += 1 }
    keys[slot] = key
    merges[slot] = merge
  }

  func merge(_ left: Int32, _ right: Int32) -> Merge? {
    guard left >= 0, right >= 0 else { return nil }
    let slot = self.slot(of: Self.key(left, right))
    return keys[slot] == .max ? nil : merges[slot]
  }

  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  private func slot(of key: UInt64) -> Int {
    // 2^64 divided by the golden ratio spreads consecutive keys (Knuth, TAOCP 6.4).
    let hash = key &* 0x9E37_79B9_7F4A_7C15
    var slot = Int(truncatingIfNeeded: hash >> 32) & (keys.count - 1)
    while keys[slot] != .max, keys[slot] != key { slot = (slot + 1) & (keys.count - 1) }
    return slot
  }

  private mutating func grow() {
    let old = (keys, merges)
    keys = Array(repeating: .max, count: 2 * old.0.count)
    merges = Array(repeating: Merge(rank: 0, id: 0), count: keys.count)
    for (i, key) in old.0.enumerated() where key != .max {
      let slot = self.slot(of: key)
      keys[slot] = key
      merges[slot] = old.1[i]
    }
  }
}
