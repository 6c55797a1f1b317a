// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra

/// The columns of a stored weight as rows.
///
/// They are kept in memory: to gather a column, all rows would be expanded again.
struct StoredColumns: Weight.Rows {
  private let matrix: Matrix

  init(of weight: Weight) {
    matrix = Matrix(rows: weight.rows, columns: weight.columns, values: weight.values())
      .transposed()
  }

  func decode(rows: Range<Int>, into values: UnsafeMutableBufferPointer<Float>) {
    for (place, row) in rows.enumerated() {
      let start = place * matrix.columns
      for (column, value) in matrix.row(row).enumerated() { values[start + column] = value }
    }
  }
}
