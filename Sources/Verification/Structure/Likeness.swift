// SPDX-License-Identifier: Apache-2.0

/// How two sequences of values x and y lie to each other: the angle between them, and the factor.
struct Likeness: Sendable {
  /// Σ x².
  let energy: Double
  /// Σ y².
  let otherEnergy: Double
  /// Σ (x − y)².
  let squaredError: Double

  /// Σ x·y, from Σ (x − y)² = Σ x² − 2 Σ x·y + Σ y².
  private var product: Double { (energy + otherEnergy - squaredError) / 2 }

  /// The cosine of the angle between both, from −1 to 1.
  var cosine: Double {
    let length = (energy * otherEnergy).squareRoot()
    return length > 0 ? min(1, max(-1, product / length)) : 0
  }

  /// The factor that brings x closest to y.
  var scale: Double { energy > 0 ? product / energy : 0 }

  /// Whether y is x times another factor than 1, and not just x with noise.
  ///
  /// A quantizer that minimises the squared error has scale 1 − D and cosine √(1 − D), with D its
  /// relative squared error: its factor is off by D, and D² never exceeds the noise D.
  var isRescaled: Bool {
    let offset = (scale - 1) * (scale - 1)
    return offset > 0.0025 && offset > 1 - cosine * cosine
  }
}
