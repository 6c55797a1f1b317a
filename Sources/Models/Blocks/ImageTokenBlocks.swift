// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra

/// Leaves out the first row of each image, its class token.
struct DropFirstBlock: Block {
  static let settings: Set<String> = []
  static let tensors: Set<String> = []

  init(_ reader: BlockReader) {}

  func outputWidth(from width: Int) -> Int? { width }

  func run(_ flow: inout Flow) throws(ModelError) {
    let rows = zip(flow.batch.starts, flow.batch.lengths).flatMap { start, length in
      Array(start..<start + length).dropFirst()
    }
    flow.hidden = flow.hidden.gathered(rows)
    flow.batch = Batch(lengths: flow.batch.lengths.map { max(0, $0 - 1) })
  }
}

/// Adds a table of positions to the rows of each image.
struct AddTableBlock: Block {
  static let settings: Set<String> = []
  static let tensors: Set = ["positions"]

  /// Nil for models without positions.
  private let table: [Float]?

  init(_ reader: BlockReader) throws(ModelError) {
    table = try reader.valuesIfPresent("positions")
  }

  func outputWidth(from width: Int) -> Int? { width }

  func run(_ flow: inout Flow) throws(ModelError) {
    guard let table else { return }
    let columns = flow.hidden.columns
    for (start, length) in zip(flow.batch.starts, flow.batch.lengths) {
      guard table.count == length * columns else {
        throw .input(
          "an image became \(length) tokens, but the table of positions is for "
            + "\(table.count / max(columns, 1)); the parts of the model do not belong together")
      }
      for i in table.indices { flow.hidden.values[start * columns + i] += table[i] }
    }
  }
}
