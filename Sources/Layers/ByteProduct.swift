// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import CKernels
import LinearAlgebra
import Parallelism

/// The product of rows that are rounded to bytes with a weight whose codes fit a byte, as engines for
/// small devices compute it: in integers within a group, in f32 between groups.
///
/// It differs from rounding the rows and multiplying in f32 by the order of sums alone, and takes
/// less than half the time where the processor multiplies bytes.
struct ByteProduct {
  /// Outputs that share their inputs while these are near.
  private static let tileRows = 128
  /// Bytes of inputs that are multiplied with one such tile after the other.
  private static let blockBytes = 1 << 18

  private let weight: Weight
  private let grid: ByteGrid
  /// Elements of a row that are rounded with one step.
  private let run: Int

  /// The product for a weight; nil where f32 is the better way, or the only one.
  ///
  /// - Parameters:
  ///   - weight: Where rows are whole groups.
  ///   - rounding: Of the rows.
  ///   - isForced: Whether the processor's ability does not matter.
  init?(_ weight: Weight, rounding: ActivationRounding, isForced: Bool = false) {
    switch rounding {
    case .none, .half, .bfloat: return nil
    case .bytes: run = 32
    case .longBytes: run = 256
    }
    guard isForced || pk_multiplies_bytes() != 0, weight.expander == nil,
      weight.columns % run == 0, let grid = ByteGrid(of: weight.format)
    else { return nil }
    self.weight = weight
    self.grid = grid
  }

  /// - Parameter inputs: `[tokens, inputs]`, not rounded yet.
  /// - Returns: `[tokens, outputs]`
  func callAsFunction(_ inputs: Matrix) -> Matrix {
    let (outputs, columns) = (weight.rows, weight.columns)
    let rows = ByteRows(inputs, run: run, group: grid.groupSize)
    let tile = max(16, min(ByteProduct.tileRows, (outputs / 8 + 15) / 16 * 16))
    // Twelve rows at a time are multiplied fastest.
    let block = max(12, ByteProduct.blockBytes / max(1, columns) / 12 * 12)
    return Matrix(rows: inputs.rows, columns: outputs) { y in
      let y = DisjointWrites(y)
      Parallel.forEach(
        (outputs + tile - 1) / tile, scratch: { ByteTile(rows: tile, columns: columns, grid: grid) }
      ) { index, scratch in
        let own = index * tile..<min(outputs, (index + 1) * tile)
        scratch.pack(own, of: weight)
        for start in stride(from: 0, to: inputs.rows, by: block) {
          scratch.multiply(
            rows.kernelRows(from: start), count: min(block, inputs.rows - start),
            outputs: own.count, result: y.base + start * outputs + own.lowerBound, stride: outputs)
        }
      }
    }
  }
}
