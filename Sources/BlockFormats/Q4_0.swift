// SPDX-License-Identifier: Apache-2.0

internal import CKernels
package import Tensors

/// Blocks of 32 elements: a half-precision scale and 4-bit codes, y = scale·(q − 8).
///
/// Encoding searches the scale, of either sign, that leaves the least squared error as stored. Layout: Formats/Q4_0.md.
package struct Q4_0: BlockFormat {
  let instructionSet: InstructionSet

  package init(on instructionSet: InstructionSet = .current) {
    self.instructionSet = instructionSet
  }

  package var encoding: Encoding { .q4_0 }

  package func decode(
    _ blocks: UnsafeRawBufferPointer, into values: UnsafeMutableBufferPointer<Float>
  ) {
    let count = blockCount(values: values.count, bytes: blocks.count)
    pk_decode_q4_0(instructionSet.kernel, blocks.baseAddress, values.baseAddress, count)
  }

  package func encode(
    _ values: UnsafeBufferPointer<Float>, importance: UnsafeBufferPointer<Float>?,
    into blocks: UnsafeMutableRawBufferPointer
  ) {
    let count = blockCount(
      values: values.count, bytes: blocks.count, importance: importance?.count)
    pk_encode_q4_0(
      instructionSet.kernel, values.baseAddress, importance?.baseAddress, blocks.baseAddress, count)
  }
}
