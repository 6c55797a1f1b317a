// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra

/// Adds to each patch of an image of any size the learned row of its column, and that of its row.
///
/// - Source: Gemma 4's encoder (transformers, behaviour).
struct PositionAxesBlock: Block {
  static let settings: Set = ["width"]
  static let tensors: Set = ["positions"]

  /// Rows of columns, then as many of rows.
  private let table: Weight
  private var count: Int { table.rows / 2 }

  init(_ reader: BlockReader) throws(ModelError) {
    table = try reader.weight("positions", columns: try reader.count("width"))
    guard table.rows % 2 == 0 else {
      throw reader.error("positions: expected two tables, found \(table.rows) rows in all")
    }
  }

  func outputWidth(from width: Int) -> Int? { width == table.columns ? width : nil }

  func run(_ flow: inout Flow) throws(ModelError) {
    let columns = table.columns
    var row = 0
    for grid in try flow.checkedGrids() {
      guard max(grid.rows, grid.columns) <= count else {
        throw .input(
          "an image of \(grid.rows) x \(grid.columns) patches has no positions in this model, which "
            + "knows \(count); check the image processor's size")
      }
      let horizontal = table.slice(0..<grid.columns).values()
      let vertical = table.slice(count..<count + grid.rows).values()
      for y in 0..<grid.rows {
        for x in 0..<grid.columns {
          for i in 0..<columns {
            flow.hidden.values[row * columns + i] +=
              horizontal[x * columns + i] + vertical[y * columns + i]
          }
          row += 1
        }
      }
    }
  }
}
