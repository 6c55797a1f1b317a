// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra

/// Puts the channels of squares of `side` by `side` tokens one after the other, row by row: fewer
/// tokens with more channels each.
///
/// - Source: the space-to-depth of Shi et al., arXiv:1609.05158, as Idefics 3 and Qwen2-VL use it.
struct MergePatchesBlock: Block {
  static let settings: Set = ["side"]
  static let tensors: Set<String> = []

  private let side: Int

  init(_ reader: BlockReader) throws(ModelError) {
    side = try reader.count("side")
    guard side <= 64 else { throw reader.error("side: expected at most 64, found \(side)") }
  }

  func outputWidth(from width: Int) -> Int? { width * side * side }

  func run(_ flow: inout Flow) throws(ModelError) {
    let columns = flow.hidden.columns
    var rows: [Int] = []
    rows.reserveCapacity(flow.hidden.rows)
    var merged: [Grid] = []
    for (start, grid) in zip(flow.batch.starts, try flow.checkedGrids()) {
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
      merged.append(result)
    }
    let gathered = flow.hidden.gathered(rows)
    flow.hidden = Matrix(
      rows: gathered.rows / (side * side), columns: columns * side * side, values: gathered.values)
    flow.grids = merged
    flow.batch = Batch(lengths: merged.map(\.count))
  }
}
