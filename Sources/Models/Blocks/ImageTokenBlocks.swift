// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra
import Preprocessing

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

/// Adds a table of positions to the rows of each image; with `interpolatesPositions`, also to images
/// of other patches.
struct AddTableBlock: Block {
  static let settings = LearnedPositions.settings
  static let tensors: Set = ["positions"]

  /// Nil for models without positions.
  private let table: [Float]?
  private let filter: ResamplingFilter?

  init(_ reader: BlockReader) throws(ModelError) {
    table = try reader.valuesIfPresent("positions")
    filter = try LearnedPositions.filter(reader)
  }

  func outputWidth(from width: Int) -> Int? {
    width > 0 && (table?.count ?? 0) % width == 0 ? width : nil
  }

  func run(_ flow: inout Flow) throws(ModelError) {
    guard let table else { return }
    let channels = flow.hidden.columns
    let positions = LearnedPositions(table, channels: channels, filter: filter)
    var known: [Grid: [Float]] = [:]
    for (start, grid) in zip(flow.batch.starts, try flow.checkedGrids()) {
      guard positions.fits(grid) else {
        throw .input(
          "an image became \(grid.count) tokens, but the table of positions is for "
            + "\(positions.count); the parts of the model do not belong together")
      }
      let rows = known[grid] ?? positions.rows(for: grid)
      known[grid] = rows
      for i in rows.indices { flow.hidden.values[start * channels + i] += rows[i] }
    }
  }
}
