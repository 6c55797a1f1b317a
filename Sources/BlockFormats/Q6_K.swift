// SPDX-License-Identifier: Apache-2.0

internal import CKernels
package import Tensors

/// Superblocks of 256 elements in 16 groups: 6-bit codes, an 8-bit scale a group.
///
/// Encoding searches each group's scale, then the integers and the shared factor together, for
/// the least squared error of the superblock as stored. Layout: Formats/Q6_K.md.
package struct Q6_K: BlockFormat {
  let instructionSet: InstructionSet

  package init(on instructionSet: InstructionSet = .current) {
    self.instructionSet = instructionSet
  }

  package var encoding: Encoding { .q6_K }

  package func decode(
    _ blocks: UnsafeRawBufferPointer, into values: UnsafeMutableBufferPointer<Float>
  ) {
    let count = blockCount(values: values.count, bytes: blocks.count)
    pk_decode_q6_k(instructionSet.kernel, blocks.baseAddress, values.baseAddress, count)
  }

  package func encode(
    _ values: UnsafeBufferPointer<Float>, importance: UnsafeBufferPointer<Float>?,
    into blocks: UnsafeMutableRawBufferPointer
  ) {
    let count = blockCount(
      values: values.count, bytes: blocks.count, importance: importance?.count)
    pk_encode_q6_k(
      instructionSet.kernel, values.baseAddress, importance?.baseAddress, blocks.baseAddress, count)
  }
}
