// SPDX-License-Identifier: Apache-2.0

internal import CKernels
package import Tensors

/// Blocks of 32 elements: half-precision scale and minimum, 5-bit codes, y = scale·q + minimum.
///
/// Encoding searches scale and minimum together for the least squared error as stored. Layout: Formats/Q4_0.md.
package struct Q5_1: BlockFormat {
  let instructionSet: InstructionSet

  package init(on instructionSet: InstructionSet = .current) {
    self.instructionSet = instructionSet
  }

  package var encoding: Encoding { .q5_1 }

  package func decode(
    _ blocks: UnsafeRawBufferPointer, into values: UnsafeMutableBufferPointer<Float>
  ) {
    let count = blockCount(values: values.count, bytes: blocks.count)
    pk_decode_q5_1(instructionSet.kernel, blocks.baseAddress, values.baseAddress, count)
  }

  package func encode(
    _ values: UnsafeBufferPointer<Float>, importance: UnsafeBufferPointer<Float>?,
    into blocks: UnsafeMutableRawBufferPointer
  ) {
    let count = blockCount(
      values: values.count, bytes: blocks.count, importance: importance?.count)
    pk_encode_q5_1(
      instructionSet.kernel, values.baseAddress, importance?.baseAddress, blocks.baseAddress, count)
  }
}
