// SPDX-License-Identifier: Apache-2.0

/// Words by their bytes, for finding every one of them that starts at a place in a text.
///
/// An open hash table of (node, byte) → node: one look per byte of the text, however many words
/// there are. Of equal words the first stays.
struct ByteTrie: Sendable {
  static let root: Int32 = 0

  /// node << 8 | byte, or -1 for an empty slot; a power of two of them, at most half full.
  private var keys: [Int64]
  private var children: [Int32]
  private var values: [Int32] = [-1]

  init() {
    keys = Array(repeating: -1, count: 16)
    children = Array(repeating: 0, count: 16)
  }

  mutating func insert(_ word: some Collection<UInt8>, value: Int) {
    guard !word.isEmpty else { return }
    var node = Self.root
    for byte in word { node = child(of: node, byte) ?? add(byte, to: node) }
    if values[Int(node)] < 0 { values[Int(node)] = Int32(value) }
  }

  /// The node that `byte` leads to.
  @inline(__always)
  func child(of node: Int32, _ byte: UInt8) -> Int32? {
    let key = Self.key(node, byte)
    let slot = slot(of: key)
    return keys[slot] == key ? children[slot] : nil
  }

  /// The value of the word that ends in a node.
  @inline(__always)
  func value(of node: Int32) -> Int? {
    let value = values[Int(node)]
    return value < 0 ? nil : Int(value)
  }

  private mutating func add(_ byte: UInt8, to node: Int32) -> Int32 {
    if 2 * (values.count + 1) > keys.count { grow() }
    let child = Int32(values.count)
    values.append(-1)
    place(Self.key(node, byte), child)
    return child
  }

  private mutating func grow() {
    let old = zip(keys, children)
    keys = Array(repeating: -1, count: 2 * keys.count)
    children = Array(repeating: 0, count: keys.count)
    for (key, child) in old where key >= 0 { place(key, child) }
  }

  private mutating func place(_ key: Int64, _ child: Int32) {
    let slot = slot(of: key)
    keys[slot] = key
    children[slot] = child
  }

  private static func key(_ node: Int32, _ byte: UInt8) -> Int64 { Int64(node) << 8 | Int64(byte) }

  /// The slot that holds a key, or the empty one where it belongs.
  @inline(__always)
  private func slot(of key: Int64) -> Int {
    // Multiplying by 2^64 over the golden ratio spreads neighbours (Knuth, TAOCP 6.4).
    let hash = UInt64(bitPattern: key) &* 0x9E37_79B9_7F4A_7C15
    var slot = Int(truncatingIfNeeded: hash >> 32) & (keys.count - 1)
    while keys[slot] != key, keys[slot] >= 0 { slot = (slot + 1) & (keys.count - 1) }
    return slot
  }
}
