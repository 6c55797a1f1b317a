// SPDX-License-Identifier: Apache-2.0

internal import CKernels
package import Tensors

/// How far decoded values are from the original ones.
///
/// Sums are exact to 1e-6, in a fixed order: the same bits on every machine for the same sequence of
/// `add` calls.
package struct Distortion: Sendable, Equatable {
  /// Σ w·x², over the original values x.
  package private(set) var energy: Double = 0
  /// Σ w·(x − y)².
  package private(set) var squaredError: Double = 0
  /// max |x − y|, without weights.
  package private(set) var largestError: Double = 0
  package private(set) var count: Int = 0

  package init() {}

  /// What was measured before.
  package init(energy: Double, squaredError: Double, largestError: Double, count: Int) {
    self.energy = energy
    self.squaredError = squaredError
    self.largestError = largestError
    self.count = count
  }

  package init(
    of values: UnsafeBufferPointer<Float>, decoded: UnsafeBufferPointer<Float>,
    importance: UnsafeBufferPointer<Float>? = nil
  ) {
    add(values, decoded: decoded, importance: importance)
  }

  /// Adds a row: values, what they decode to, and the weight of each (nil: 1), all of one length.
  package mutating func add(
    _ values: UnsafeBufferPointer<Float>, decoded: UnsafeBufferPointer<Float>,
    importance: UnsafeBufferPointer<Float>? = nil, on instructionSet: InstructionSet = .current
  ) {
    precondition(
      decoded.count == values.count && (importance?.count ?? values.count) == values.count,
      "\(values.count) values, \(decoded.count) decoded, \(importance?.count ?? 0) weights")
    var energy = 0.0
    var error = 0.0
    var largest = 0.0
    pk_distortion(
      instructionSet.kernel, values.baseAddress, decoded.baseAddress, importance?.baseAddress,
      values.count, &energy, &error, &largest)
    self.energy += energy
    squaredError += error
    largestError = max(largestError, largest)
    count += values.count
  }

  /// Adds what was measured elsewhere.
  package mutating func add(_ other: Distortion) {
    energy += other.energy
    squaredError += other.squaredError
    largestError = max(largestError, other.largestError)
    count += other.count
  }

  /// Whether all values and what they decode to were finite.
  package var isFinite: Bool { energy.isFinite && squaredError.isFinite }

  /// ‖x − y‖² / ‖x‖²; 0 where both are 0, infinite where only x is.
  package var relativeSquaredError: Double {
    energy > 0 ? squaredError / energy : squaredError > 0 ? .infinity : 0
  }

  /// ‖x − y‖ / ‖x‖.
  package var relativeError: Double { relativeSquaredError.squareRoot() }

  /// Mean of (x − y)², for unit weights.
  package var meanSquaredError: Double { count > 0 ? squaredError / Double(count) : 0 }
}
