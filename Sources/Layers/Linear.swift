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
  /// Between what inputs and outputs are kept; nil in most models.
  package let limits: Limits?
  private let rounding: ActivationRounding
  private let observer: Observer?

  /// Sees the rows that go into a linear layer, and what the weight makes of them, before the bias;
  /// where they are not all rows of the batch, also which.
  package typealias Observer =
    @Sendable (
      _ inputs: Matrix, _ outputs: Matrix, _ rows: [Int]?
    ) -> Void

  /// Bounds of what goes into a layer, and of what comes out.
  package struct Limits: Sendable, Equatable {
    package let inputs: (minimum: Float, maximum: Float)
    package let outputs: (minimum: Float, maximum: Float)

    package init(
      inputs: (minimum: Float, maximum: Float), outputs: (minimum: Float, maximum: Float)
    ) {
      self.inputs = inputs
      self.outputs = outputs
    }

    package static func == (a: Limits, b: Limits) -> Bool {
      a.inputs == b.inputs && a.outputs == b.outputs
    }
  }

  package init(
    weight: Weight, bias: [Float]? = nil, limits: Limits? = nil,
    rounding: ActivationRounding = .none,
    observer: Observer? = nil
  ) {
    self.weight = weight
    self.rounding = rounding
    self.bias = bias
    self.limits = limits
    self.observer = observer
  }

  /// Multiplies each row with the weight.
  ///
  /// - Parameters:
  ///   - inputs: `[tokens, inputs]`
  ///   - rows: Which of the batch's rows they are, for those who look on; nil: all of them.
  /// - Returns: `[tokens, outputs]`
  package func callAsFunction(_ inputs: Matrix, rows: [Int]? = nil) -> Matrix {
    precondition(inputs.columns == weight.columns, "\(inputs.columns) ≠ \(weight.columns)")
    var result: Matrix
    var inputs = inputs
    if let limits { inputs.clamp(from: limits.inputs.minimum, to: limits.inputs.maximum) }
    if let product = ByteProduct(weight, rounding: rounding) {
      result = product(inputs)
      observer?(inputs, result, rows)
    } else {
      inputs = rounding(inputs)
      result = product(inputs)
      observer?(inputs, result, rows)
    }
    if let bias { result.addToRows(bias) }
    if let limits { result.clamp(from: limits.outputs.minimum, to: limits.outputs.maximum) }
    return result
  }

  /// Outputs that are expanded, and then multiplied with a block of tokens: many, for each such
  /// product arranges its tokens anew, and few enough for several workers.
  ///
  /// It depends on the shape alone, so that the result does not depend on the number of workers.
  private var tileRows: Int {
    let room = max(16, Linear.tileElements / max(1, weight.columns) / 16 * 16)
    return max(16, min(512, room, (weight.rows / 4 + 15) / 16 * 16))
  }

  private static let tileElements = 4 << 20
  private static let tokenBlock = 1024

  private func product(_ inputs: Matrix) -> Matrix {
    let outputs = weight.rows
    let columns = weight.columns
    let tile = tileRows
    let block = Linear.tokenBlock
    let blocks = (inputs.rows + block - 1) / block
    let dense = weight.denseRows.map { SharedReads(.init(start: $0, count: 0)) }
    return Matrix(rows: inputs.rows, columns: outputs) { y in
      let y = DisjointWrites(y)
      inputs.values.withUnsafeBufferPointer { x in
        let x = SharedReads(x)
        Parallel.forEach(
          (outputs + tile - 1) / tile * blocks,
          scratch: { Linear.scratch(dense == nil ? tile * columns : 0) }
        ) { index, scratch in
          let first = index / blocks * tile
          let rows = first..<min(outputs, first + tile)
          let start = index % blocks * block
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
              m: min(block, inputs.rows - start), n: rows.count, k: columns,
              a: x.base + start * columns, aStride: columns, b: b, bStride: columns,
              result: y.base + start * outputs + rows.lowerBound, resultStride: outputs)
          }
        }
      }
    }
  }

  /// Room that is written before it is read.
  private static func scratch(_ count: Int) -> [Float] {
    Matrix(rows: 1, columns: count) { _ in }.values
  }
}
