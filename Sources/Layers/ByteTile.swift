// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import CKernels

/// Some rows of a weight as bytes, sixteen side by side.
final class ByteTile {
  private static let lanes = Int(PK_BYTE_LANES)

  typealias Kernel = (
    pk_byte_grid, pk_byte_rows, Int, Int, pk_byte_panel, Int, UnsafeMutablePointer<Float>?, Int
  ) -> Void

  private let columns: Int
  private let grid: ByteGrid
  private let groups: Int
  private let panels: pk_byte_panel
  /// Sixteen rows before they are packed: their elements, and what their groups share.
  private let values: UnsafeMutableBufferPointer<Float>
  private let steps: UnsafeMutablePointer<Float>
  private let offsets: UnsafeMutablePointer<Float>

  /// Room for so many rows of so many elements.
  init(rows: Int, columns: Int, grid: ByteGrid) {
    self.columns = columns
    self.grid = grid
    groups = columns / grid.groupSize
    let lanes = ByteTile.lanes
    let count = (rows + lanes - 1) / lanes * lanes
    panels = pk_byte_panel(
      codes: .allocate(capacity: count * columns), steps: .allocate(capacity: count * groups),
      shifts: .allocate(capacity: count * groups))
    values = .allocate(capacity: lanes * columns)
    steps = .allocate(capacity: lanes * groups)
    offsets = .allocate(capacity: lanes * groups)
  }

  deinit {
    panels.codes.deallocate()
    panels.steps.deallocate()
    panels.shifts.deallocate()
    values.deallocate()
    steps.deallocate()
    offsets.deallocate()
  }

  private func panel(_ index: Int) -> pk_byte_panel {
    let start = index * ByteTile.lanes
    return pk_byte_panel(
      codes: panels.codes + start * columns, steps: panels.steps + start * groups,
      shifts: panels.shifts + start * groups)
  }

  /// Takes rows of a weight, as many as there is room for at most.
  func pack(_ rows: Range<Int>, of weight: Weight) {
    let lanes = ByteTile.lanes
    for (index, first) in stride(from: rows.lowerBound, to: rows.upperBound, by: lanes).enumerated()
    {
      let own = first..<min(first + lanes, rows.upperBound)
      weight.decode(
        rows: own, into: UnsafeMutableBufferPointer(rebasing: values[..<(own.count * columns)]))
      for (place, row) in own.enumerated() {
        guard let blocks = weight.storedRow(row) else { continue }
        grid.read(blocks, steps: steps + place * groups, offsets: offsets + place * groups)
      }
      pk_pack_bytes(
        .current, grid.kernelGrid, values.baseAddress, steps, offsets, own.count, columns,
        panel(index))
    }
  }

  /// Multiplies rows with the first `outputs` of those that were packed last.
  func multiply(
    _ rows: pk_byte_rows, count: Int, outputs: Int, result: UnsafeMutablePointer<Float>,
    stride: Int, with kernel: Kernel = pk_multiply_bytes
  ) {
    let lanes = ByteTile.lanes
    for index in 0..<(outputs + lanes - 1) / lanes {
      let start = index * lanes
      kernel(
        grid.kernelGrid, rows, count, columns, panel(index), min(lanes, outputs - start),
        result + start, stride)
    }
  }
}
