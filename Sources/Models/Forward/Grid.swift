// SPDX-License-Identifier: Apache-2.0

package import LinearAlgebra
package import Preprocessing

/// The rectangle of tokens that an image, or a tile of one, becomes: row by row.
package struct Grid: Sendable, Hashable {
  package let rows: Int
  package let columns: Int

  package init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
  }

  package var count: Int { rows * columns }
}

/// What takes an image's place in the language model.
package struct ImageEmbedding: Sendable, Equatable {
  /// A row a token: `[tokens, channels]`.
  package let matrix: Matrix
  /// How the tokens lie in the image, or in a tile of it.
  package let grid: Grid
  /// How the image was cut; nil for the whole of it.
  package let tiles: TileLayout?
  /// How the tokens of the overview lie; as those of a tile unless given.
  package let overviewGrid: Grid

  package init(
    matrix: Matrix, grid: Grid, tiles: TileLayout? = nil, overviewGrid: Grid? = nil
  ) {
    self.matrix = matrix
    self.grid = grid
    self.tiles = tiles
    self.overviewGrid = overviewGrid ?? grid
  }

  /// How the tokens of each tile lie, and those of the overview, in their order.
  package var grids: [Grid] {
    guard let tiles else { return [grid] }
    return tiles.ordered(
      [Grid](repeating: grid, count: tiles.rows * tiles.columns), overview: overviewGrid)
  }

  /// How many tokens the image takes.
  package var rows: Int { matrix.rows }
}
