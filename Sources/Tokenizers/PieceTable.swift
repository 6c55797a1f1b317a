// SPDX-License-Identifier: Apache-2.0

/// A map from byte strings to ids that compares bytes exactly (Swift's strings compare by canonical
/// equivalence, vocabularies do not) and is asked for parts of a text without copying them.
///
/// Of equal pieces the first stays, as in a vocabulary searched from its start.
struct PieceTable: Sendable {
  private var bytes: [UInt8] = []
  /// Where each entry starts in `bytes`; one more than entries.
  private var starts: [Int] = [0]
  private var ids: [Int32] = []
  /// Entry + 1, or 0 for an empty slot; a power of two of them, at most half full.
  private var slots: [Int32]
  /// The longest piece in bytes: nothing longer can be found.
  private(set) var longest = 0

  init(capacity: Int) {
    var count = 16
    while count < 2 * capacity { count *= 2 }
    slots = Array(repeating: 0, count: count)
  }

  mutating func insert(_ piece: some Collection<UInt8>, id: Int) {
    if 2 * (ids.count + 1) > slots.count { grow() }
    let piece = Array(piece)
    let slot = self.slot(of: piece, 0..<piece.count)
    guard slots[slot] == 0 else { return }
    bytes.append(contentsOf: piece)
    starts.append(bytes.count)
    ids.append(Int32(id))
    slots[slot] = Int32(ids.count)
    longest = max(longest, piece.count)
  }

  /// The id of the part `range` of `text`.
  func id(of text: [UInt8], _ range: Range<Int>) -> Int32? {
    guard range.count <= longest else { return nil }
    let entry = slots[slot(of: text, range)]
    return entry == 0 ? nil : ids[Int(entry) - 1]
  }

  func id(of piece: String) -> Int32? {
    let piece = Array(piece.utf8)
    return id(of: piece, 0..<piece.count)
  }

  /// The slot that holds these bytes, or the empty one where they belong.
  private func slot(of text: [UInt8], _ range: Range<Int>) -> Int {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325  // FNV-1a
    for i in range { hash = (hash ^ UInt64(text[i])) &* 0x100_0000_01B3 }
    var slot = Int(truncatingIfNeeded: hash ^ hash >> 32) & (slots.count - 1)
    while slots[slot] != 0, !isEntry(Int(slots[slot]) - 1, equalTo: text, range) {
      slot = (slot + 1) & (slots.count - 1)
    }
    return slot
  }

  private func isEntry(_ entry: Int, equalTo text: [UInt8], _ range: Range<Int>) -> Bool {
    let start = starts[entry]
    guard starts[entry + 1] - start == range.count else { return false }
    for i in 0..<range.count where bytes[start + i] != text[range.lowerBound + i] { return false }
    return true
  }

  private mutating func grow() {
    slots = Array(repeating: 0, count: 2 * slots.count)
    for entry in ids.indices {
      slots[slot(of: bytes, starts[entry]..<starts[entry + 1])] = Int32(entry + 1)
    }
  }
}
