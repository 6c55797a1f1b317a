// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra

/// Adds the row of a table that belongs to each token's position.
struct PositionTableBlock: Block {
  static let settings: Set<String> = []
  static let tensors: Set = ["positions"]

  private let table: Weight

  init(_ reader: BlockReader) throws(ModelError) { table = try reader.weight("positions") }

  func outputWidth(from width: Int) -> Int? { width == table.columns ? width : nil }

  func run(_ flow: inout Flow) throws(ModelError) {
    let rows = table.values()
    let columns = table.columns
    for (row, position) in flow.batch.positions.enumerated() {
      guard position < table.rows else {
        throw .input(
          "a text of more than \(table.rows) tokens has no position in this model; shorten it")
      }
      for i in 0..<columns {
        flow.hidden.values[row * columns + i] += rows[position * columns + i]
      }
    }
  }
}

/// Adds one row of a table to all rows: the type of all tokens where a model knows several.
struct AddRowBlock: Block {
  static let settings: Set = ["row"]
  static let tensors: Set = ["table"]

  private let row: [Float]

  init(_ reader: BlockReader) throws(ModelError) {
    let table = try reader.weight("table")
    let number = try reader.number("row")
    guard let index = Int(exactly: number), (0..<table.rows).contains(index) else {
      throw reader.error("row: expected a number from 0 to \(table.rows - 1), found \(number)")
    }
    row = table.slice(index..<index + 1).values()
  }

  func outputWidth(from width: Int) -> Int? { width == row.count ? width : nil }

  func run(_ flow: inout Flow) throws(ModelError) { flow.hidden.addToRows(row) }
}

/// One row for each sequence: the mean of its rows, or the first of them.
struct PoolBlock: Block {
  static let settings: Set = ["rows"]
  static let tensors: Set<String> = []

  private enum Kind: String { case mean, first }

  private let kind: Kind

  init(_ reader: BlockReader) throws(ModelError) {
    let name = try reader.text("rows")
    guard let kind = Kind(rawValue: name) else {
      throw reader.error("rows: expected mean or first, found '\(name)'")
    }
    self.kind = kind
  }

  func outputWidth(from width: Int) -> Int? { width }

  func run(_ flow: inout Flow) throws(ModelError) {
    let hidden = flow.hidden
    let columns = hidden.columns
    var result = Matrix(rows: flow.batch.sequenceCount, columns: columns)
    for (sequence, (start, length)) in zip(flow.batch.starts, flow.batch.lengths).enumerated() {
      let count = kind == .mean ? length : min(1, length)
      for row in start..<start + count {
        for i in 0..<columns {
          result.values[sequence * columns + i] += hidden.values[row * columns + i] / Float(count)
        }
      }
    }
    flow.hidden = result
    flow.batch = Batch(lengths: flow.batch.lengths.map { min(1, $0) })
  }
}
