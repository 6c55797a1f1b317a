// SPDX-License-Identifier: Apache-2.0

internal import CKernels
package import Tensors

/// Superblocks of 256 elements in 8 groups: 5-bit codes, a 6-bit scale and minimum a group.
///
/// Encoding searches each group's scale and minimum, then their integers and the shared
/// factors together, for the least squared error of the superblock as stored. Layout: Formats/Q4_K.md.
package struct Q5_K: BlockFormat {
  let instructionSet: InstructionSet

  package init(on instructionSet: InstructionSet = .current) {
    self.instructionSet = instructionSet
  }

  package var encoding: Encoding { .q5_K }

  package func decode(
    _ blocks: UnsafeRawBufferPointer, into values: UnsafeMutableBufferPointer<Float>
  ) {
    let count = blockCount(values: values.count, bytes: blocks.count)
    pk_decode_q5_k(instructionSet.kernel, blocks.baseAddress, values.baseAddress, count)
  }

  package func encode(
    _ values: UnsafeBufferPointer<Float>, importance: UnsafeBufferPointer<Float>?,
    into blocks: UnsafeMutableRawBufferPointer
  ) {
    let count = blockCount(
      values: values.count, bytes: blocks.count, importance: importance?.count)
    pk_encode_q5_k(
      instructionSet.kernel, values.baseAddress, importance?.baseAddress, blocks.baseAddress, count)
  }
}
