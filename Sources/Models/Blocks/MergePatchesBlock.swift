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
    let squares = try PatchSquares(of: try flow.checkedGrids(), side: side)
    let merged = squares.merged(flow.hidden)
    flow.hidden = isChannelwise ? channelwise(merged) : merged
    flow.grids = squares.grids
    flow.batch = Batch(lengths: squares.grids.map(\.count))
  }

  /// The values of each square, in it the tokens of a channel one after the other.
  private func channelwise(_ merged: Matrix) -> Matrix {
    let (area, columns) = (side * side, merged.columns / (side * side))
    var result = Matrix(rows: merged.rows, columns: merged.columns)
    for square in 0..<merged.rows {
      let start = square * area * columns
      for inner in 0..<area {
        for channel in 0..<columns {
          result.values[start + channel * area + inner] =
            merged.values[start + inner * columns + channel]
        }
      }
    }
    return result
  }
}
