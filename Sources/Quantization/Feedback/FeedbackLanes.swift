// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import CKernels
import Tensors

/// What rows that are coded together share.
enum FeedbackLanes {
  /// Rows.
  static let count = Int(PK_FEEDBACK_LANES)
  /// Sweeps after the first pass, with new factors between them.
  static let sweeps = 3

  /// Σ a M b over all rows.
  ///
  /// - Parameters:
  ///   - matrix: M, `[columns, columns]`.
  ///   - left: a, `[columns, lanes]`, in the same order as the matrix.
  ///   - right: b, likewise.
  /// - Returns: The sum.
  static func product(_ matrix: [Float], _ left: [Float], _ right: [Float]) -> Double {
    var products = [Double](repeating: 0, count: count)
    pk_feedback_product(
      InstructionSet.current.kernel, matrix, left.count / count, left, right, &products)
    return products.reduce(0, +)
  }

  /// What fitted values should be multiplied by, so that the outputs have their full size.
  ///
  /// As for ``TileEncoder/gain(rows:importance:read:)``: fitted outputs are a projection of the original
  /// ones, and too small by their share of the loss.
  ///
  /// - Parameters:
  ///   - curvature: Of the inputs.
  ///   - targets: `[columns, lanes]`
  ///   - errors: Likewise.
  /// - Returns: At least 1.
  static func gain(_ curvature: Curvature, _ targets: [Float], _ errors: [Float]) -> Float {
    let energy = product(curvature.moments, targets, targets)
    let lost = product(curvature.moments, errors, errors)
    guard energy > 0, lost > 0, lost < energy / 2 else { return 1 }
    return Float(energy / (energy - lost))
  }

  /// The nearest number that an encoding holds: F16, BF16, or F32 as it is.
  static func stored(_ value: Float, as encoding: Encoding) -> Float {
    switch encoding {
    case .f16:
      let limit: Float = 65504
      return HalfPrecision.decoded(half: HalfPrecision.encodedHalf(min(max(value, -limit), limit)))
    case .bf16: return HalfPrecision.decoded(bfloat: HalfPrecision.encodedBFloat(value))
    default: return value
    }
  }
}
