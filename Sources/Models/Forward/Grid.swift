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

  package init(matrix: Matrix, grid: Grid, tiles: TileLayout? = nil) {
    self.matrix = matrix
    self.grid = grid
    self.tiles = tiles
  }

  /// How many tiles the tokens are of, each of as many.
  package var tileCount: Int { tiles?.count ?? 1 }

  /// How many tokens the image takes.
  package var rows: Int { matrix.rows }
}
