// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra
import Preprocessing

extension Flow {
  /// The rows of each image, those of its tiles one after the other.
  ///
  /// Their places are in one line, where they form no rectangle.
  var embeddings: [ImageEmbedding] {
    var first = 0
    return tiles.map { tiles in
      let sequences = first..<first + (tiles?.count ?? 1)
      first = sequences.upperBound
      let start = batch.starts[sequences.lowerBound]
      let length = batch.lengths[sequences.lowerBound]
      let count = batch.lengths[sequences].reduce(0, +)
      let grid = grids.indices.contains(sequences.lowerBound) ? grids[sequences.lowerBound] : nil
      return ImageEmbedding(
        matrix: hidden.rows(start..<start + count),
        grid: grid.flatMap { $0.count == length ? $0 : nil } ?? Grid(rows: 1, columns: length),
        tiles: tiles)
    }
  }
}
