// SPDX-License-Identifier: Apache-2.0

package import CKernels
package import Tensors

/// The formats that can be decoded, and encoded.
package enum BlockFormats {
  /// Every format, on the current instruction set.
  package static let all: [any BlockFormat] = formats(on: .current)

  /// Every format, on an instruction set that the machine supports.
  package static func formats(on instructionSet: InstructionSet) -> [any BlockFormat] {
    Encoding.allCases.compactMap { format(for: $0, on: instructionSet) }
  }

  /// The format of an encoding, or nil if it is not implemented.
  package static func format(
    for encoding: Encoding, on instructionSet: InstructionSet = .current
  ) -> (any BlockFormat)? {
    switch encoding {
    case .f64: F64(on: instructionSet)
    case .f32: F32()
    case .f16: F16(on: instructionSet)
    case .bf16: BF16(on: instructionSet)
    case .i64, .i32, .i16, .u64, .u32, .u16: WideInteger(encoding, on: instructionSet)
    case .i8, .u8, .bool, .f8E4M3, .f8E4M3FNUZ, .f8E5M2, .f8E5M2FNUZ, .f8E8M0:
      ByteScalar(encoding, on: instructionSet)
    default: PackedBlocks(encoding, on: instructionSet)
    }
  }

  /// Whether values can be encoded.
  package static func canEncode(_ encoding: Encoding) -> Bool {
    format(for: encoding)?.canEncode ?? false
  }

  /// How many values are NaN or infinite.
  package static func nonFiniteCount(
    _ values: UnsafeBufferPointer<Float>, on instructionSet: InstructionSet = .current
  ) -> Int {
    var count: UInt64 = 0
    pk_count_non_finite(instructionSet.kernel, values.baseAddress, values.count, &count)
    return Int(clamping: count)
  }

  /// The same among numbers of 16 bits, by the bits of their exponent, which are all set in these.
  static func nonFiniteCount(
    ofHalves stored: UnsafeRawBufferPointer, exponent: UInt32, on instructionSet: InstructionSet
  ) -> Int {
    var count: UInt64 = 0
    pk_count_non_finite_16(
      instructionSet.kernel, stored.baseAddress, exponent, stored.count / 2, &count)
    return Int(clamping: count)
  }
}

extension InstructionSet {
  /// The same for C.
  package var kernel: pk_instruction_set { pk_instruction_set(rawValue) }
}
