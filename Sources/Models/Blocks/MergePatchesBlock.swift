// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra

/// Puts the channels of squares of `side` by `side` tokens one after the other, row by row: fewer
/// tokens with more channels each.
///
/// `channelwise` puts the tokens of each channel one after the other instead.
///
/// - Source: the space-to-depth of Shi et al., arXiv:1609.05158, as Idefics 3 and Qwen2-VL use it.
struct MergePatchesBlock: Block {
  static let settings: Set = ["side", "channelwise"]
  static let tensors: Set<String> = []

  private let side: Int
  private let isChannelwise: Bool

  init(_ reader: BlockReader) throws(ModelError) {
    side = try reader.count("side")
    guard side <= 64 else { throw reader.error("side: expected at most 64, found \(side)") }
    isChannelwise = reader.has("channelwise") ? try reader.bool("channelwise") : false
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
    let count = gathered.rows / (side * side)
    flow.hidden = Matrix(
      rows: count, columns: columns * side * side,
      values: isChannelwise ? channelwise(gathered, squares: count) : gathered.values)
    flow.grids = merged
    flow.batch = Batch(lengths: merged.map(\.count))
  }

  /// The values of squares of tokens, in each the tokens of a channel one after the other.
  private func channelwise(_ tokens: Matrix, squares: Int) -> [Float] {
    let (area, columns) = (side * side, tokens.columns)
    var values = [Float](repeating: 0, count: tokens.values.count)
    for square in 0..<squares {
      let start = square * area * columns
      for inner in 0..<area {
        for channel in 0..<columns {
          values[start + channel * area + inner] = tokens.values[start + inner * columns + channel]
        }
      }
    }
    return values
  }
}
