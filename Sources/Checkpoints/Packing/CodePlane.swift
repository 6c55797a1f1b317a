// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import Tensors

/// The codes of a packed weight, in the order in which a family lays them out.
struct CodePlane: Sendable {
  enum Layout: Sendable {
    /// A stream a row, lowest bit first.
    case rows(bytes: Int)
    /// 32-bit words below each other, one column an output: each column is such a stream.
    case columns(words: Int, stride: Int)
    /// A row an input; a word holds eight outputs in AWQ's order.
    case interleaved(wordsPerInput: Int)
  }

  /// Where in a word output `i` of eight stands, in nibbles.
  ///
  /// - Source: AutoAWQ, `awq/utils/packing_utils.py`.
  static let interleaving = [0, 4, 1, 5, 2, 6, 3, 7]

  let tensor: StoredTensor
  let layout: Layout
  let codes: PackedCodes

  /// The codes of a row.
  ///
  /// - Parameters:
  ///   - row: An output.
  ///   - columns: As many as the row has.
  ///   - words: Room that is used in between, grown when needed.
  func read(
    row: Int, into columns: UnsafeMutableBufferPointer<UInt8>, words: inout [UInt32]
  ) {
    let bytes = tensor.bytes
    switch layout {
    case .rows(let count):
      codes.unpack(
        UnsafeRawBufferPointer(rebasing: bytes[row * count..<(row + 1) * count]), into: columns)
    case .columns(let count, let stride):
      if words.count < count { words = [UInt32](repeating: 0, count: count) }
      for word in 0..<count {
        words[word] = bytes.loadUnaligned(
          fromByteOffset: (word * stride + row) * 4, as: UInt32.self)
      }
      words.withUnsafeBytes { codes.unpack($0, into: columns) }
    case .interleaved(let wordsPerInput):
      let (word, place) = row.quotientAndRemainder(dividingBy: 8)
      let shift = UInt32(4 * CodePlane.interleaving[place])
      for input in columns.indices {
        let packed = bytes.loadUnaligned(
          fromByteOffset: (input * wordsPerInput + word) * 4, as: UInt32.self)
        columns[input] = UInt8(truncatingIfNeeded: packed >> shift & 15)
      }
    }
  }
}
