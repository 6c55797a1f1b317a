// SPDX-License-Identifier: Apache-2.0

internal import CKernels
import Tensors

/// A format of GGUF blocks seen as codes on a grid: their scales can stay, and codes be others.
package struct BlockCodes: Sendable {
  typealias Store =
    @convention(c) @Sendable (UnsafePointer<UInt8>?, UnsafeMutableRawPointer?, Int) -> Void

  /// Where a block has its factors, each a half-precision number, and how its codes are stored.
  private struct Layout {
    let levels: [Float]
    let factors: [Int]
    let store: Store
  }

  package let format: any BlockFormat
  package let grid: CodeGrid
  private let steps: ByteGrid
  private let layout: Layout

  /// The codes of a format; nil where they are not numbers on a grid of steps.
  package init?(_ format: any BlockFormat) {
    guard let steps = ByteGrid(of: format), let layout = BlockCodes.layout(of: format.encoding)
    else { return nil }
    self.format = format
    self.steps = steps
    self.layout = layout
    grid = CodeGrid(
      levels: layout.levels, groupSize: steps.groupSize,
      blockSize: format.encoding.elementsPerBlock, isJoint: false, factorEncoding: .f16)
  }

  private static func layout(of encoding: Encoding) -> Layout? {
    func integers(_ lowest: Int, _ count: Int) -> [Float] {
      CodeGrid.integers(from: lowest, count: count)
    }
    return switch encoding {
    case .q4_0: Layout(levels: integers(-8, 16), factors: [0], store: pk_store_q4_0)
    case .q4_1: Layout(levels: integers(0, 16), factors: [0, 2], store: pk_store_q4_1)
    case .q5_0: Layout(levels: integers(-16, 32), factors: [0], store: pk_store_q5_0)
    case .q5_1: Layout(levels: integers(0, 32), factors: [0, 2], store: pk_store_q5_1)
    case .q8_0: Layout(levels: integers(-128, 256), factors: [0], store: pk_store_q8_0)
    case .q2_K: Layout(levels: integers(0, 4), factors: [80, 82], store: pk_store_q2_k)
    case .q3_K: Layout(levels: integers(-4, 8), factors: [108], store: pk_store_q3_k)
    case .q4_K: Layout(levels: integers(0, 16), factors: [0, 2], store: pk_store_q4_k)
    case .q5_K: Layout(levels: integers(0, 32), factors: [0, 2], store: pk_store_q5_k)
    case .q6_K: Layout(levels: integers(-32, 64), factors: [208], store: pk_store_q6_k)
    case .iq4_NL: Layout(levels: iq4Levels, factors: [0], store: pk_store_iq4_nl)
    case .iq4_XS: Layout(levels: iq4Levels, factors: [0], store: pk_store_iq4_xs)
    default: nil
    }
  }

  /// Source: Formats/IQ4.md.
  private static let iq4Levels: [Float] = [
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113,
  ]

  /// The steps, offsets and factors of a row; its codes are left at 0.
  package func read(_ blocks: UnsafeRawBufferPointer) -> CodedRow {
    let count = blocks.count / format.encoding.bytesPerBlock
    var row = CodedRow(columns: count * grid.blockSize, grid: grid)
    steps.read(blocks, steps: &row.steps, offsets: &row.offsets)
    for block in 0..<count {
      for (place, offset) in layout.factors.enumerated() {
        let bits = blocks.loadUnaligned(
          fromByteOffset: block * format.encoding.bytesPerBlock + offset, as: UInt16.self)
        row.factors[2 * block + place] = HalfPrecision.decoded(
          half: UInt16(littleEndian: bits))
      }
    }
    return row
  }

  /// Writes codes and factors into blocks that have everything else.
  ///
  /// - Parameters:
  ///   - row: What ``read(_:)`` gave, with other codes and factors.
  ///   - blocks: The same blocks.
  package func store(_ row: CodedRow, into blocks: UnsafeMutableRawBufferPointer) {
    let bytes = format.encoding.bytesPerBlock
    let count = blocks.count / bytes
    precondition(row.codes.count == count * grid.blockSize, "\(row.codes.count) codes")
    layout.store(row.codes, blocks.baseAddress, count)
    for block in 0..<count {
      for (place, offset) in layout.factors.enumerated() {
        blocks.storeBytes(
          of: HalfPrecision.encodedHalf(row.factors[2 * block + place]).littleEndian,
          toByteOffset: block * bytes + offset, as: UInt16.self)
      }
    }
  }
}
