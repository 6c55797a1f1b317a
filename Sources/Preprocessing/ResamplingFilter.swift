// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A filter with which an image is resampled; the raw values are those of `PIL.Image.Resampling`.
package enum ResamplingFilter: Int, CaseIterable, Sendable {
  case nearest = 0
  /// Windowed sinc with three lobes.
  case lanczos = 1
  case bilinear = 2
  /// Keys' cubic convolution with a = -0.5.
  case bicubic = 3
  case box = 4
  case hamming = 5

  /// How far the filter reaches to each side, in pixels of the coarser image.
  package var support: Double {
    switch self {
    case .nearest: 0
    case .box: 0.5
    case .bilinear, .hamming: 1
    case .bicubic: 2
    case .lanczos: 3
    }
  }

  /// The weight of a pixel at distance `x` from the centre, not normalised.
  package func weight(_ x: Double) -> Double {
    let distance = abs(x)
    switch self {
    case .nearest: return 0
    // Half open, so that a pixel on the border of two belongs to one.
    case .box: return x > -0.5 && x <= 0.5 ? 1 : 0
    case .bilinear: return distance < 1 ? 1 - distance : 0
    case .hamming:
      guard distance < 1 else { return 0 }
      guard distance > 0 else { return 1 }
      let angle = distance * Double.pi
      // Pillow has these two in single precision; they decide some roundings.
      return sin(angle) / angle * (Double(Float(0.54)) + Double(Float(0.46)) * cos(angle))
    case .bicubic:
      let a = -0.5
      if distance < 1 { return ((a + 2) * distance - (a + 3)) * distance * distance + 1 }
      if distance < 2 { return (((distance - 5) * distance + 8) * distance - 4) * a }
      return 0
    case .lanczos:
      return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0
    }
  }

  private func sinc(_ x: Double) -> Double {
    guard x != 0 else { return 1 }
    let angle = x * Double.pi
    return sin(angle) / angle
  }
}
