// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import CKernels
package import LinearAlgebra
import Parallelism
import Tensors

/// How an engine rounds the rows that it multiplies with a weight.
package enum ActivationRounding: Sendable, Hashable {
  case none, half, bfloat
  /// To bytes, in runs of 32 elements with a half-precision step.
  case bytes
  /// To bytes, in runs of 256 elements with a step in f32.
  case longBytes

  /// What llama.cpp does on processors beside a weight, by its encoding.
  ///
  /// Source: `vec_dot_type` of `type_traits_cpu` in ggml/src/ggml-cpu/ggml-cpu.c.
  package init(ofLlamaCppBeside weight: Weight) {
    let encoding = weight.format.encoding
    switch encoding {
    case .f16: self = .half
    case .bf16: self = .bfloat
    case _ where encoding.elementsPerBlock == 256: self = .longBytes
    case _ where encoding.elementsPerBlock > 1: self = .bytes
    default: self = .none
    }
  }

  /// Rounds each row.
  ///
  /// - Parameter inputs: `[tokens, inputs]`
  /// - Returns: The same shape.
  package func callAsFunction(_ inputs: Matrix) -> Matrix {
    guard self != .none, inputs.columns > 0 else { return inputs }
    var result = inputs
    let columns = inputs.columns
    result.values.withUnsafeMutableBufferPointer { values in
      let values = DisjointWrites(values)
      Parallel.forEach(inputs.rows) { row in
        let start = values.base + row * columns
        switch self {
        case .none: break
        case .half: ActivationRounding.round(start, columns, as: F16())
        case .bfloat: ActivationRounding.round(start, columns, as: BF16())
        case .bytes: pk_round_to_bytes(.current, start, columns)
        case .longBytes: pk_round_to_long_bytes(.current, start, columns)
        }
      }
    }
    return result
  }

  private static func round(
    _ row: UnsafeMutablePointer<Float>, _ count: Int, as format: any BlockFormat
  ) {
    let values = UnsafeMutableBufferPointer(start: row, count: count)
    withUnsafeTemporaryAllocation(
      byteCount: count * format.encoding.bytesPerBlock, alignment: 16
    ) { stored in
      format.encode(UnsafeBufferPointer(values), importance: nil, into: stored)
      format.decode(UnsafeRawBufferPointer(stored), into: values)
    }
  }
}
