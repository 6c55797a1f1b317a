// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra

/// Averages the patches of each image down (or up) to a square of tokens.
///
/// Cell `i` of `n` covers rows `⌊i·h/n⌋ ..< ⌈(i+1)·h/n⌉`, as PyTorch's adaptive average pooling.
struct AveragePoolBlock: Block {
  static let settings: Set = ["tokens"]
  static let tensors: Set<String> = []

  private let side: Int

  init(_ reader: BlockReader) throws(ModelError) {
    let tokens = try reader.count("tokens")
    guard let side = exactSquareRoot(tokens), tokens <= 1 << 16 else {
      throw reader.error("tokens: expected a square number up to 65536, found \(tokens)")
    }
    self.side = side
  }

  func outputWidth(from width: Int) -> Int? { width }

  func run(_ flow: inout Flow) throws(ModelError) {
    let columns = flow.hidden.columns
    let lengths = flow.batch.lengths.map { _ in side * side }
    var result = Matrix(rows: lengths.reduce(0, +), columns: columns)
    for (image, (start, grid)) in zip(flow.batch.starts, try flow.checkedGrids()).enumerated() {
      for row in 0..<side {
        for column in 0..<side {
          let output = ((image * side + row) * side + column) * columns
          let (ys, xs) = (cell(row, of: grid.rows), cell(column, of: grid.columns))
          for y in ys {
            for x in xs {
              let input = (start + y * grid.columns + x) * columns
              for c in 0..<columns {
                result.values[output + c] += flow.hidden.values[input + c]
              }
            }
          }
          let area = Float(ys.count * xs.count)
          for c in 0..<columns { result.values[output + c] /= area }
        }
      }
    }
    flow.hidden = result
    flow.batch = Batch(lengths: lengths)
    flow.grids = lengths.map { _ in Grid(rows: side, columns: side) }
  }

  private func cell(_ index: Int, of size: Int) -> Range<Int> {
    index * size / side..<((index + 1) * size + side - 1) / side
  }
}

/// The square root of a square number; nil for others.
func exactSquareRoot(_ number: Int) -> Int? {
  let root = Int(Double(number).squareRoot().rounded())
  return root * root == number ? root : nil
}
