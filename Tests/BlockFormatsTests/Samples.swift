// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import Tensors

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// Seeded numbers, and how near a format should come to them.
enum Samples {
  /// SplitMix64.
  struct Generator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
    /// In [0, 1).
    mutating func uniform() -> Float { Float(next() >> 40) * 0x1p-24 }
  }

  /// Nearly normal: the sum of twelve uniform numbers.
  static func normal(_ count: Int, seed: UInt64) -> [Float] {
    var generator = Generator(state: seed)
    return (0..<count).map { _ in (0..<12).reduce(-6) { sum, _ in sum + generator.uniform() } }
  }

  static func bytes(_ count: Int, seed: UInt64) -> [UInt8] {
    var generator = Generator(state: seed)
    return (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next() >> 33) }
  }

  /// Bits of a number, the same for every NaN.
  static func bits(_ value: Float) -> UInt32 { value.isNaN ? 0x7FC0_0000 : value.bitPattern }

  static func distortion(
    _ values: [Float], _ decoded: [Float], _ importance: [Float]? = nil
  ) -> Distortion {
    values.withUnsafeBufferPointer { values in
      decoded.withUnsafeBufferPointer { decoded in
        guard let importance else { return Distortion(of: values, decoded: decoded) }
        return importance.withUnsafeBufferPointer {
          Distortion(of: values, decoded: decoded, importance: $0)
        }
      }
    }
  }

  /// An upper bound of the relative error on normal values.
  ///
  /// No code of b bits an element can do better than 2^-b on normal values (the distortion-rate
  /// function of a Gaussian source); blocks that store scales and round each element, or few
  /// together, stay within 2.5 times that.
  static func tolerance(_ encoding: Encoding) -> Double {
    switch encoding {
    case .f64, .f32: 1e-12
    case .f16: 0x1p-11
    case .bf16: 0x1p-8
    default: 2.5 * exp2(-encoding.bitsPerElement)
    }
  }

  /// 512 values each: outliers, subnormals, huge, tiny, constant and non-finite numbers.
  static let edges: [[Float]] = {
    func row(_ value: (Int) -> Float) -> [Float] { (0..<512).map(value) }
    let noise = normal(512, seed: 11)
    return [
      row { $0 == 100 ? 1000 : noise[$0] },
      row { $0 == 100 ? -1000 : 0 },
      row { $0 % 32 == 3 ? 1 : 0 },
      row { noise[$0] * 0x1p-132 },
      row { noise[$0] * 1e-20 },
      row { noise[$0] * 1e-7 },
      row { noise[$0] * 1e-6 },
      row { noise[$0] * 1e6 },
      row { noise[$0] * 1e20 },
      row { noise[$0] * 1e37 },
      row { _ in 0.1 },
      row { _ in -3 },
      row { _ in 65504 },
      row { _ in 0x1p-149 },
      row { 5 + 0.01 * noise[$0] },
      row { -5 + 0.01 * noise[$0] },
      row { $0 % 32 == 0 ? .nan : noise[$0] },
      row { $0 == 5 ? .infinity : $0 == 300 ? -.infinity : noise[$0] },
      row { _ in .nan },
      row { _ in .infinity },
    ]
  }()
}
