// SPDX-License-Identifier: Apache-2.0

import Layers

/// What the columns and rows of a matrix are multiplied with, while its neighbours are divided by it.
struct Fold: Sendable {
  /// A factor a column; of a vector, one an element.
  var columns: [Float]?
  /// A factor a row.
  var rows: [Float]?

  /// The matrix with its factors.
  func applied(to weight: Weight) -> Weight {
    guard columns != nil || rows != nil else { return weight }
    return Weight(
      source: weight.source, expander: FoldedRows(weight: weight, fold: self), rows: weight.rows,
      columns: weight.columns)
  }
}

/// Rows with a factor for each column, and for each row.
private struct FoldedRows: Weight.Rows {
  let weight: Weight
  let fold: Fold

  func decode(rows: Range<Int>, into values: UnsafeMutableBufferPointer<Float>) {
    weight.decode(rows: rows, into: values)
    for (place, row) in rows.enumerated() {
      let start = place * weight.columns
      if let columns = fold.columns {
        for i in 0..<weight.columns { values[start + i] *= columns[i] }
      }
      if let factor = fold.rows?[row] {
        for i in 0..<weight.columns { values[start + i] *= factor }
      }
    }
  }
}
