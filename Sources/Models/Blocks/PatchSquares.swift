// SPDX-License-Identifier: Apache-2.0

import LinearAlgebra

/// The rows of images in squares of `side` by `side`, those of each square one after the other, row
/// by row.
struct PatchSquares {
  /// For each place in the new order, the row that stands there.
  let rows: [Int]
  /// How the squares of each image lie in it.
  let grids: [Grid]

  /// - Parameters:
  ///   - grids: Of each image, one after the other.
  ///   - side: Of a square, in rows.
  /// - Throws: ``ModelError/input(_:)`` for an image that is no whole number of squares.
  init(of grids: [Grid], side: Int) throws(ModelError) {
    var rows: [Int] = []
    rows.reserveCapacity(grids.reduce(0) { $0 + $1.count })
    var squares: [Grid] = []
    var start = 0
    for grid in grids {
      guard grid.rows % side == 0, grid.columns % side == 0 else {
        throw .input(
          "an image of \(grid.rows) x \(grid.columns) patches cannot be merged by squares of "
            + "\(side); check the image processor's size")
      }
      let result = Grid(rows: grid.rows / side, columns: grid.columns / side)
      for index in 0..<result.count {
        for inner in 0..<side * side {
          let row = index / result.columns * side + inner / side
          let column = index % result.columns * side + inner % side
          rows.append(start + row * grid.columns + column)
        }
      }
      squares.append(result)
      start += grid.count
    }
    self.rows = rows
    self.grids = squares
  }

  /// One row a square: the channels of its rows one after the other.
  ///
  /// - Parameter hidden: The rows of all images.
  /// - Returns: `[squares, channels * side * side]`
  func merged(_ hidden: Matrix) -> Matrix {
    let count = grids.reduce(0) { $0 + $1.count }
    let gathered = hidden.gathered(rows)
    return Matrix(
      rows: count, columns: count == 0 ? 0 : gathered.values.count / count, values: gathered.values)
  }
}
