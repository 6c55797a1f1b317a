// SPDX-License-Identifier: Apache-2.0

import CKernels
package import LinearAlgebra
import Parallelism

/// `y = x Wᵀ + b` for a weight in any storage.
package struct Linear: Sendable {
  /// The matrix, `[outputs, inputs]`.
  package let weight: Weight
  /// Added to each row, `[outputs]`; nil where there is none.
  package let bias: [Float]?
  private let rounding: ActivationRounding
  private let observer: Observer?

  /// Sees the rows that go into a linear layer, and what the weight makes of them, before the bias.
  package typealias Observer = @Sendable (_ inputs: Matrix, _ outputs: Matrix) -> Void

  package init(
    weight: Weight, bias: [Float]? = nil, rounding: ActivationRounding = .none,
    observer: Observer? = nil
  ) {
    self.weight = weight
    self.rounding = rounding
    self.bias = bias
    self.observer = observer
  }

  /// Outputs that are expanded and multiplied at once.
  ///
  /// It depends on the shape alone, so that the result does not depend on the number of workers.
  private var tileRows: Int { max(16, min(256, (weight.rows / 8 + 15) / 16 * 16)) }

  /// Multiplies each row with the weight.
  ///
  /// - Parameter inputs: `[tokens, inputs]`
  /// - Returns: `[tokens, outputs]`
  package func callAsFunction(_ inputs: Matrix) -> Matrix {
    precondition(inputs.columns == weight.columns, "\(inputs.columns) ≠ \(weight.columns)")
    let inputs = rounding(inputs)
    let outputs = weight.rows
    let columns = weight.columns
    let tile = tileRows
    var result = Matrix(rows: inputs.rows, columns: outputs)
    let dense = weight.denseRows.map { SharedReads(.init(start: $0, count: 0)) }
    inputs.values.withUnsafeBufferPointer { x in
      result.values.withUnsafeMutableBufferPointer { y in
        let x = SharedReads(x)
        let y = DisjointWrites(y)
        Parallel.forEach(
          (outputs + tile - 1) / tile,
          scratch: { [Float](repeating: 0, count: dense == nil ? tile * columns : 0) }
        ) { index, scratch in
          let rows = index * tile..<min(outputs, (index + 1) * tile)
          scratch.withUnsafeMutableBufferPointer { expanded in
            let b: UnsafePointer<Float>
            if let dense {
              b = dense.base + rows.lowerBound * columns
            } else {
              let room = UnsafeMutableBufferPointer(rebasing: expanded[..<(rows.count * columns)])
              weight.decode(rows: rows, into: room)
              guard let base = room.baseAddress else { return }
              b = UnsafePointer(base)
            }
            BLAS.multiplyTransposed(
              m: inputs.rows, n: rows.count, k: columns, a: x.base, aStride: columns, b: b,
              bStride: columns, result: y.base + rows.lowerBound, resultStride: outputs)
          }
        }
      }
    }
    observer?(inputs, result)
    if let bias { result.addToRows(bias) }
    return result
  }
}

extension Matrix {
  /// Adds the same vector to each row.
  package mutating func addToRows(_ vector: [Float]) {
    precondition(vector.count == columns)
    values.withUnsafeMutableBufferPointer { values in
      guard let base = values.baseAddress else { return }
      for row in 0..<rows { pk_add(.current, base + row * columns, vector, columns) }
    }
  }
}
