// SPDX-License-Identifier: Apache-2.0

import Layers

/// The rows of images sorted by square windows, so that attention within a window is attention
/// within a sequence.
struct WindowOrder {
  /// For each place in the new order, the row that stands there.
  let rows: [Int]
  /// How many rows each window has; less at the right and bottom edges.
  let lengths: [Int]

  /// - Parameters:
  ///   - grids: Of each image, one after the other.
  ///   - side: Of a window, in tokens.
  init(of grids: [Grid], side: Int) {
    var rows: [Int] = []
    var lengths: [Int] = []
    var start = 0
    for grid in grids {
      for top in stride(from: 0, to: grid.rows, by: side) {
        for left in stride(from: 0, to: grid.columns, by: side) {
          let before = rows.count
          for row in top..<min(top + side, grid.rows) {
            for column in left..<min(left + side, grid.columns) {
              rows.append(start + row * grid.columns + column)
            }
          }
          lengths.append(rows.count - before)
        }
      }
      start += grid.count
    }
    self.rows = rows
    self.lengths = lengths
  }

  /// For each row, its place in the new order.
  var inverse: [Int] {
    var inverse = rows
    for (place, row) in rows.enumerated() { inverse[row] = place }
    return inverse
  }
}
