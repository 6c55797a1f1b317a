// SPDX-License-Identifier: Apache-2.0

import CKernels
package import LinearAlgebra
import Parallelism

/// Normalization of each row: layer norm, or root mean square norm.
package struct Norm: Sendable {
  package enum Kind: String, Sendable {
    /// Mean 0 and variance 1, then scaled and shifted.
    case layer
    /// Root mean square 1, then scaled by the weight.
    case rootMeanSquare = "rms"
  }

  package let kind: Kind
  /// Scales the normalized elements, `[columns]`.
  package let weight: [Float]
  /// Added at the end, `[columns]`; layer norm only.
  package let bias: [Float]
  package let epsilon: Float
  /// Added to each element of the weight, by root mean square norm only; Gemma's is 1.
  package let offset: Float

  package init(
    kind: Kind, weight: [Float], bias: [Float]?, epsilon: Float, offset: Float = 0
  ) {
    self.kind = kind
    self.offset = offset
    self.weight = weight
    self.bias = bias ?? [Float](repeating: 0, count: weight.count)
    self.epsilon = epsilon
  }

  /// Normalizes each run of `weight.count` elements: the rows of a matrix, or, with a weight as
  /// long as a head, the heads of each row.
  ///
  /// - Parameter inputs: `[tokens, n * weight.count]`
  /// - Returns: The same shape.
  package func callAsFunction(_ inputs: Matrix) -> Matrix {
    let width = weight.count
    precondition(width > 0 && inputs.columns % width == 0)
    let runs = inputs.values.count / width
    return Matrix(rows: inputs.rows, columns: inputs.columns) { y in
      inputs.values.withUnsafeBufferPointer { x in
        let x = SharedReads(x)
        let y = DisjointWrites(y)
        let chunk = 64
        Parallel.forEach((runs + chunk - 1) / chunk) { index in
          for run in index * chunk..<min(runs, (index + 1) * chunk) {
            let input = x.base + run * width
            let output = y.base + run * width
            switch kind {
            case .layer: pk_layer_norm(.current, input, weight, bias, epsilon, width, output)
            case .rootMeanSquare:
              pk_rms_norm(.current, input, weight, offset, epsilon, width, output)
            }
          }
        }
      }
    }
  }
}
