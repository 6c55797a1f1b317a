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
      let count = batch.lengths[sequences].reduce(0, +)
      let overview = tiles?.overview == .first ? sequences.lowerBound : sequences.upperBound - 1
      let tile = tiles?.overview == .first ? overview + 1 : sequences.lowerBound
      return ImageEmbedding(
        matrix: hidden.rows(start..<start + count), grid: grid(of: tile), tiles: tiles,
        overviewGrid: grid(of: overview))
    }
  }

  /// How the rows of a sequence lie.
  private func grid(of sequence: Int) -> Grid {
    let length = batch.lengths[sequence]
    let grid = grids.indices.contains(sequence) ? grids[sequence] : nil
    return grid.flatMap { $0.count == length ? $0 : nil } ?? Grid(rows: 1, columns: length)
  }
}
