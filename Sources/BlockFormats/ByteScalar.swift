// SPDX-License-Identifier: Apache-2.0

internal import CKernels
package import Tensors

/// Scalars of one byte, whose values are looked up in a table.
///
/// 8-bit integers, booleans (0 is 0, any other byte 1) and the 8-bit floating-point numbers.
/// Layout: Formats/scalars.md.
package struct ByteScalar: BlockFormat {
  package let encoding: Encoding
  let instructionSet: InstructionSet
  private let table: [Float]

  /// Makes the format of one of I8, U8, BOOL and the F8 encodings.
  package init(_ encoding: Encoding, on instructionSet: InstructionSet = .current) {
    self.encoding = encoding
    self.instructionSet = instructionSet
    table =
      switch encoding {
      case .i8: (0..<256).map { Float(Int8(truncatingIfNeeded: $0)) }
      case .u8: (0..<256).map { Float($0) }
      case .bool: (0..<256).map { $0 == 0 ? 0 : 1 }
      case .f8E4M3: Float8.e4m3
      case .f8E4M3FNUZ: Float8.e4m3FNUZ
      case .f8E5M2: Float8.e5m2
      case .f8E5M2FNUZ: Float8.e5m2FNUZ
      case .f8E8M0: Float8.e8m0
      default: preconditionFailure("\(encoding) is no scalar of one byte")
      }
  }

  package func decode(
    _ blocks: UnsafeRawBufferPointer, into values: UnsafeMutableBufferPointer<Float>
  ) {
    let count = blockCount(values: values.count, bytes: blocks.count)
    pk_decode_bytes(
      instructionSet.kernel, blocks.baseAddress, table, values.baseAddress, count)
  }

  package var canEncode: Bool { false }

  package func encode(
    _ values: UnsafeBufferPointer<Float>, importance: UnsafeBufferPointer<Float>?,
    into blocks: UnsafeMutableRawBufferPointer
  ) {
    preconditionFailure("\(encoding) is decoded only; ask canEncode first")
  }
}
