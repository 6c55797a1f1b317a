// SPDX-License-Identifier: Apache-2.0

import LinearAlgebra

/// How often the rows of a batch count.
package struct RowWeights: Sendable, Equatable {
  /// How often all of them count.
  package var all: Double
  /// How often each counts beside that, one a row; nil: all alike.
  package var each: [Double]?

  package init(all: Double = 1, each: [Double]? = nil) {
    self.all = all
    self.each = each
  }

  package subscript(row: Int) -> Double { each.map { all * $0[row] } ?? all }

  /// How many rows there are, as often as they count.
  package func sum(rows: Int) -> Double {
    all * (each?.reduce(0, +) ?? Double(rows))
  }

  /// Those of some of the batch's rows.
  ///
  /// - Parameters:
  ///   - rows: Their places in the batch; nil: all of them.
  ///   - count: How many they are.
  /// - Returns: One weight for each; rows that are none of the batch's count alike.
  package func gathered(_ rows: [Int]?, count: Int) -> RowWeights {
    guard let each else { return self }
    let own = rows.map { $0.compactMap { each.indices.contains($0) ? each[$0] : nil } } ?? each
    return RowWeights(all: all, each: own.count == count ? own : nil)
  }

  /// Rows whose squares count as often as these rows.
  func scaled(_ inputs: Matrix) -> Matrix {
    guard let each else { return inputs }
    var result = inputs
    for (row, weight) in each.enumerated() {
      let factor = Float(weight.squareRoot())
      for i in row * inputs.columns..<(row + 1) * inputs.columns { result.values[i] *= factor }
    }
    return result
  }
}
