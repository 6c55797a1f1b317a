// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra

/// One token for each square of `side` by `side` patches: their mean, times `scale`.
struct AverageSquaresBlock: Block {
  static let settings: Set = ["side", "scale"]
  static let tensors: Set<String> = []

  private let side: Int
  private let scale: Float

  init(_ reader: BlockReader) throws(ModelError) {
    side = try reader.count("side")
    scale = Float(try reader.number("scale", default: 1))
    guard side <= 64 else { throw reader.error("side: expected at most 64, found \(side)") }
  }

  func outputWidth(from width: Int) -> Int? { width }

  func run(_ flow: inout Flow) throws(ModelError) {
    let squares = try PatchSquares(of: try flow.checkedGrids(), side: side)
    let columns = flow.hidden.columns
    let area = side * side
    var result = Matrix(rows: squares.rows.count / area, columns: columns)
    for (place, row) in squares.rows.enumerated() {
      let start = place / area * columns
      for i in 0..<columns {
        result.values[start + i] += flow.hidden.values[row * columns + i] / Float(area)
      }
    }
    for i in result.values.indices { result.values[i] *= scale }
    flow.hidden = result
    flow.grids = squares.grids
    flow.batch = Batch(lengths: squares.grids.map(\.count))
  }
}
