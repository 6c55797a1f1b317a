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

  /// Σ e H e over all rows.
  ///
  /// - Parameters:
  ///   - moments: H, `[columns, columns]`.
  ///   - columns: In the same order as the errors.
  ///   - errors: `[columns, lanes]`
  /// - Returns: The sum.
  static func loss(_ moments: [Float], columns: Int, _ errors: [Float]) -> Double {
    var losses = [Double](repeating: 0, count: count)
    pk_feedback_loss(InstructionSet.current.kernel, moments, columns, errors, &losses)
    return losses.reduce(0, +)
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
    let energy = loss(curvature.moments, columns: curvature.columns, targets)
    let lost = loss(curvature.moments, columns: curvature.columns, errors)
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

  /// Puts rows into lanes in the order of coding.
  ///
  /// - Parameters:
  ///   - values: Rows one behind the other; what is no number counts as 0.
  ///   - rows: How many; lanes beyond become zeros.
  ///   - order: The column of each place.
  ///   - targets: `[columns, lanes]`
  static func load(
    _ values: UnsafeBufferPointer<Float>, rows: Int, order: [Int32], into targets: inout [Float]
  ) {
    for lane in 0..<count {
      for (place, column) in order.enumerated() {
        let value = lane < rows ? values[lane * order.count + Int(column)] : 0
        targets[place * count + lane] = value.isFinite ? value : 0
      }
    }
  }
}
