// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra

// Levels: what some layers of an encoder give is passed on beside its result, and added to the rows
// of images behind the first layers of the decoder.
//
// Source: Meng et al., DeepStack, arXiv:2406.04334; Bai et al., arXiv:2511.21631 (Qwen3-VL).

/// Puts by the rows of images as they are, as the next level.
struct KeepLevelBlock: Block {
  static let settings: Set<String> = []
  static let tensors: Set<String> = []

  init(_ reader: BlockReader) {}

  func outputWidth(from width: Int) -> Int? { width }

  func run(_ flow: inout Flow) throws(ModelError) {
    flow.levels.append(Flow.Level(hidden: flow.hidden, grids: try flow.checkedGrids()))
  }
}

/// Makes tokens of a level: squares of `side` by `side` rows merged, a norm, and two linear layers
/// around an activation; they are put behind the channels of the tokens that are there.
struct MergeLevelBlock: Block {
  static let settings: Set = ["level", "side", "norm", "epsilon", "activation"]
  static let tensors: Set = ["norm", "first", "second"]

  private let level: Int
  private let side: Int
  private let norm: Norm
  private let first: Linear
  private let second: Linear
  private let activation: Activation

  init(_ reader: BlockReader) throws(ModelError) {
    level = try reader.level()
    side = try reader.count("side")
    norm = try reader.norm()
    first = try reader.linear("first")
    second = try reader.linear("second")
    activation = try reader.activation()
    guard side <= 64, norm.weight.count % (side * side) == 0,
      first.weight.columns == norm.weight.count, second.weight.columns == first.weight.rows
    else {
      throw reader.error("squares of \(side) do not fit the tensors, or these not each other")
    }
  }

  func outputWidth(from width: Int) -> Int? { width + second.weight.rows }

  func run(_ flow: inout Flow) throws(ModelError) {
    guard flow.levels.indices.contains(level),
      flow.levels[level].hidden.columns * side * side == norm.weight.count
    else {
      throw .input(
        "the encoder put by no level \(level) that fits the connector; the parts of the model do "
          + "not belong together")
    }
    let kept = flow.levels[level]
    let squares = try PatchSquares(of: kept.grids, side: side)
    guard squares.grids.map(\.count) == flow.batch.lengths else {
      throw .input(
        "a level of an image makes another number of tokens than the image; the parts of the model "
          + "do not belong together")
    }
    var hidden = first(norm(squares.merged(kept.hidden)))
    activation.apply(to: &hidden)
    flow.hidden = flow.hidden.beside(second(hidden))
  }
}

/// Adds a level to the rows of images.
struct AddLevelBlock: Block {
  static let settings: Set = ["level"]
  static let tensors: Set<String> = []

  let level: Int

  init(_ reader: BlockReader) throws(ModelError) { level = try reader.level() }

  func outputWidth(from width: Int) -> Int? { width }

  func run(_ flow: inout Flow) throws(ModelError) {
    guard let images = flow.imageLevels else { return }
    let columns = flow.hidden.columns
    let width = images.values.columns
    for (place, row) in images.rows.enumerated() {
      let start = place * width + level * columns
      for i in 0..<columns {
        flow.hidden.values[row * columns + i] += images.values.values[start + i]
      }
    }
  }
}

extension BlockReader {
  /// More levels than any model has layers.
  private static let maximumLevel = 1 << 10

  /// The setting `level`: a number from 0.
  fileprivate func level() throws(ModelError) -> Int {
    let number = try number("level")
    guard let level = Int(exactly: number), (0..<BlockReader.maximumLevel).contains(level) else {
      throw error("level: expected a whole number from 0, found \(number)")
    }
    return level
  }
}

extension Matrix {
  /// Each row with the other's row behind it.
  ///
  /// - Precondition: Both have as many rows.
  fileprivate func beside(_ other: Matrix) -> Matrix {
    precondition(rows == other.rows, "\(rows) ≠ \(other.rows)")
    var values: [Float] = []
    values.reserveCapacity(self.values.count + other.values.count)
    for index in 0..<rows {
      values += row(index)
      values += other.row(index)
    }
    return Matrix(rows: rows, columns: columns + other.columns, values: values)
  }
}
