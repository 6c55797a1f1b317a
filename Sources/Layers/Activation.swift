// SPDX-License-Identifier: Apache-2.0

import CKernels
package import LinearAlgebra
import Parallelism

/// A function applied to each element; the raw values are the names in `config.json`.
package enum Activation: String, Sendable, CaseIterable {
  case silu
  case sigmoid
  case relu
  /// The exact form with erf.
  case gelu
  case geluTanh = "gelu_pytorch_tanh"
  case geluNew = "gelu_new"
  /// `x * sigmoid(1.702 x)`
  case quickGELU = "quick_gelu"

  package func apply(to matrix: inout Matrix) {
    let columns = matrix.columns
    let rows = matrix.rows
    matrix.values.withUnsafeMutableBufferPointer { values in
      let values = DisjointWrites(values)
      let chunk = 16
      Parallel.forEach((rows + chunk - 1) / chunk) { index in
        let start = index * chunk
        let count = (min(rows, start + chunk) - start) * columns
        apply(values.base + start * columns, count)
      }
    }
  }

  private func apply(_ values: UnsafeMutablePointer<Float>, _ count: Int) {
    switch self {
    case .silu: pk_silu(.current, values, count)
    case .sigmoid: pk_sigmoid(.current, values, count)
    case .relu: pk_relu(.current, values, count)
    case .gelu: pk_gelu(.current, values, count)
    case .geluTanh, .geluNew: pk_gelu_tanh(.current, values, count)
    case .quickGELU: pk_gelu_quick(.current, values, count)
    }
  }
}
