// SPDX-License-Identifier: Apache-2.0

import LinearAlgebra
import TestSupport
import Testing

struct MatrixTests {
  static let shapes = [(1, 1), (1, 5), (4, 1), (3, 7), (8, 2), (0, 3), (3, 0)]

  static func matrix(_ rows: Int, _ columns: Int) -> Matrix {
    Matrix(rows: rows, columns: columns, values: (0..<rows * columns).map(Float.init))
  }

  @Test(arguments: shapes)
  func rowsFollowEachOther(_ rows: Int, _ columns: Int) {
    let matrix = Self.matrix(rows, columns)
    #expect((0..<rows).flatMap { matrix.row($0) } == matrix.values)
    #expect(matrix.rows(0..<rows) == matrix)
    #expect(matrix.gathered(Array(0..<rows)) == matrix)
  }

  @Test(arguments: shapes)
  func transposingTwiceIsTheSame(_ rows: Int, _ columns: Int) {
    let matrix = Self.matrix(rows, columns)
    let turned = matrix.transposed()
    #expect(turned.rows == columns && turned.columns == rows)
    #expect(turned.transposed() == matrix)
    for i in 0..<rows {
      for j in 0..<columns { #expect(turned.row(j)[j * rows + i] == Float(i * columns + j)) }
    }
  }

  @Test func gatheringMayRepeatAndReorder() {
    let matrix = Self.matrix(4, 3)
    let gathered = matrix.gathered([2, 0, 2])
    #expect(gathered.rows == 3)
    #expect(gathered.values == [6, 7, 8, 0, 1, 2, 6, 7, 8])
    #expect(matrix.rows(1..<3).values == [3, 4, 5, 6, 7, 8])
    #expect(matrix.gathered([]).rows == 0)
  }
}
