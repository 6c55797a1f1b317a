// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra

/// Adds learned positions of a square grid to the patches of images of any size: the corners of the
/// grid to those of the image, and between its points in the proportion of distances.
///
/// - Source: Bai et al., arXiv:2511.21631 (Qwen3-VL); the interpolation is PyTorch's bilinear one
///   with aligned corners.
struct PositionGridBlock: Block {
  static let settings: Set<String> = []
  static let tensors: Set = ["positions"]

  private let table: Weight
  /// Positions of a row, and of a column, of the grid.
  private let side: Int

  init(_ reader: BlockReader) throws(ModelError) {
    table = try reader.weight("positions")
    guard let side = exactSquareRoot(table.rows) else {
      throw reader.error("positions: expected the square of a number of rows, found \(table.rows)")
    }
    self.side = side
  }

  func outputWidth(from width: Int) -> Int? { width == table.columns ? width : nil }

  func run(_ flow: inout Flow) throws(ModelError) {
    let positions = table.values()
    let columns = table.columns
    var row = 0
    for grid in try flow.checkedGrids() {
      let lines = (0..<grid.rows).map { place($0, of: grid.rows) }
      let places = (0..<grid.columns).map { place($0, of: grid.columns) }
      for y in lines {
        for x in places {
          let corners = [
            (y.first, x.first, (1 - y.share) * (1 - x.share)),
            (y.first, x.second, (1 - y.share) * x.share),
            (y.second, x.first, y.share * (1 - x.share)), (y.second, x.second, y.share * x.share),
          ]
          for i in 0..<columns {
            flow.hidden.values[row * columns + i] += corners.reduce(0) { sum, corner in
              sum + corner.2 * positions[(corner.0 * side + corner.1) * columns + i]
            }
          }
          row += 1
        }
      }
    }
  }

  /// The two neighbours in the grid of a place in an image, and the share of the second.
  private func place(_ index: Int, of count: Int) -> (first: Int, second: Int, share: Float) {
    let place = Float(index) * Float(side - 1) / Float(max(1, count - 1))
    let first = Int(place)
    return (first, min(first + 1, side - 1), place - Float(first))
  }
}
