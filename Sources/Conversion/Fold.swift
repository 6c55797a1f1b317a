// SPDX-License-Identifier: Apache-2.0

import Layers

/// What the columns and rows of matrices are multiplied with, while their neighbours are divided by it.
struct Fold: Sendable {
  /// Factors of a parameter's matrices: of one, of all alike, or of single experts.
  struct Factors: Sendable {
    private(set) var shared: [Float]?
    private var own: [Int: [Float]] = [:]

    var isEmpty: Bool { shared == nil && own.isEmpty }

    /// Those of a matrix; nil where they are all 1.
    subscript(matrix: Int) -> [Float]? { own[matrix] ?? shared }

    /// Sets those of one matrix; nil stands for all.
    mutating func set(_ factors: [Float], of matrix: Int?) {
      if let matrix { own[matrix] = factors } else { shared = factors }
    }
  }

  /// A factor a column; of a vector, one an element.
  var columns = Factors()
  /// A factor a row.
  var rows = Factors()

  /// A matrix with its factors.
  func applied(to weight: Weight, matrix: Int) -> Weight {
    let (columns, rows) = (columns[matrix], rows[matrix])
    guard columns != nil || rows != nil else { return weight }
    return Weight(
      source: weight.source,
      expander: FoldedRows(weight: weight, columns: columns, factors: rows), rows: weight.rows,
      columns: weight.columns)
  }
}

/// Rows with a factor for each column, and for each row.
private struct FoldedRows: Weight.Rows {
  let weight: Weight
  let columns: [Float]?
  let factors: [Float]?

  func decode(rows: Range<Int>, into values: UnsafeMutableBufferPointer<Float>) {
    weight.decode(rows: rows, into: values)
    for (place, row) in rows.enumerated() {
      let start = place * weight.columns
      if let columns {
        for i in 0..<weight.columns { values[start + i] *= columns[i] }
      }
      if let factor = factors?[row] {
        for i in 0..<weight.columns { values[start + i] *= factor }
      }
    }
  }
}
