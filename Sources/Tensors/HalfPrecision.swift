// SPDX-License-Identifier: Apache-2.0

internal import CKernels

/// Conversions between Float32 and the 16-bit scalars, as bit patterns.
///
/// To 16 bits, numbers are rounded to nearest, ties to even; what is too large for half precision
/// becomes infinity, and NaN stays NaN. From 16 bits every conversion is exact.
package enum HalfPrecision {
  /// The value of an IEEE half-precision number.
  package static func decoded(half bits: UInt16) -> Float {
    var value: Float = 0
    withUnsafeBytes(of: bits) {
      pk_decode_f16(PK_BASELINE, $0.baseAddress, &value, 1)
    }
    return value
  }

  /// The nearest half-precision number.
  package static func encodedHalf(_ value: Float) -> UInt16 {
    var bits: UInt16 = 0
    var value = value
    pk_encode_f16(PK_BASELINE, &value, &bits, 1)
    return bits
  }

  /// The value of a bfloat16 number, the upper half of a Float32.
  package static func decoded(bfloat bits: UInt16) -> Float {
    Float(bitPattern: UInt32(bits) << 16)
  }

  /// The nearest bfloat16 number.
  package static func encodedBFloat(_ value: Float) -> UInt16 {
    var bits: UInt16 = 0
    var value = value
    pk_encode_bf16(PK_BASELINE, &value, &bits, 1)
    return bits
  }
}
