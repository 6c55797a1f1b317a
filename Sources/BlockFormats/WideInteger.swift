// SPDX-License-Identifier: Apache-2.0

internal import CKernels
package import Tensors

/// Little-endian integers of 16 to 64 bits, decoded as the nearest Float32.
package struct WideInteger: BlockFormat {
  package let encoding: Encoding
  let instructionSet: InstructionSet

  /// Makes the format of one of I64, I32, I16, U64, U32, U16.
  package init(_ encoding: Encoding, on instructionSet: InstructionSet = .current) {
    self.encoding = encoding
    self.instructionSet = instructionSet
  }

  package func decode(
    _ blocks: UnsafeRawBufferPointer, into values: UnsafeMutableBufferPointer<Float>
  ) {
    let count = blockCount(values: values.count, bytes: blocks.count)
    let set = instructionSet.kernel
    switch encoding {
    case .i64: pk_decode_i64(set, blocks.baseAddress, values.baseAddress, count)
    case .u64: pk_decode_u64(set, blocks.baseAddress, values.baseAddress, count)
    case .i32: pk_decode_i32(set, blocks.baseAddress, values.baseAddress, count)
    case .u32: pk_decode_u32(set, blocks.baseAddress, values.baseAddress, count)
    case .i16: pk_decode_i16(set, blocks.baseAddress, values.baseAddress, count)
    case .u16: pk_decode_u16(set, blocks.baseAddress, values.baseAddress, count)
    default: preconditionFailure("\(encoding) is no integer of 16 to 64 bits")
    }
  }

  package var canEncode: Bool { false }

  package func encode(
    _ values: UnsafeBufferPointer<Float>, importance: UnsafeBufferPointer<Float>?,
    into blocks: UnsafeMutableRawBufferPointer
  ) {
    preconditionFailure("\(encoding) is decoded only; ask canEncode first")
  }
}
