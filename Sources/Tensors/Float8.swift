// SPDX-License-Identifier: Apache-2.0

/// The values of the 8-bit floating-point scalars, a table of 256 for each.
///
/// - Source: Micikevicius et al., arXiv:2209.05433 (E4M3, E5M2); OCP Microscaling Formats 1.0,
///   section 5.4 (E8M0); Noune et al., arXiv:2206.02915 (FNUZ: no infinities, no negative zero).
package enum Float8 {
  /// One sign bit, 4 exponent bits with bias 7; only 0x7F and 0xFF are NaN, there is no infinity.
  package static let e4m3: [Float] = values(mantissaBits: 3, bias: 7) { bits in
    bits & 0x7F == 0x7F ? .nan : nil
  }

  /// One sign bit, 5 exponent bits with bias 15; infinities and NaN as in IEEE 754.
  package static let e5m2: [Float] = values(mantissaBits: 2, bias: 15) { bits in
    guard bits & 0x7C == 0x7C else { return nil }
    if bits & 3 != 0 { return .nan }
    return bits & 0x80 == 0 ? .infinity : -.infinity
  }

  /// As `e4m3` with bias 8; 0x80 is the only NaN.
  package static let e4m3FNUZ: [Float] = values(mantissaBits: 3, bias: 8) { bits in
    bits == 0x80 ? .nan : nil
  }

  /// As `e5m2` with bias 16; 0x80 is the only NaN.
  package static let e5m2FNUZ: [Float] = values(mantissaBits: 2, bias: 16) { bits in
    bits == 0x80 ? .nan : nil
  }

  /// A power of two with bias 127; 0xFF is NaN.
  ///
  /// Block scales are stored like this.
  package static let e8m0: [Float] = (0..<256).map { bits in
    switch bits {
    case 0: 0x1p-127
    case 255: .nan
    default: Float(bitPattern: UInt32(bits) << 23)
    }
  }

  private static func values(
    mantissaBits: Int, bias: Int, special: (Int) -> Float?
  ) -> [Float] {
    (0..<256).map { bits in
      if let value = special(bits) { return value }
      let fraction = bits & ((1 << mantissaBits) - 1)
      let exponent = (bits & 0x7F) >> mantissaBits
      let significand = exponent == 0 ? fraction : fraction | 1 << mantissaBits
      let power = max(exponent, 1) - bias - mantissaBits
      // Exact: at most 4 significant bits, and a power of two of a normal number.
      let magnitude = Float(significand) * Float(bitPattern: UInt32(power + 127) << 23)
      return bits & 0x80 == 0 ? magnitude : -magnitude
    }
  }
}
