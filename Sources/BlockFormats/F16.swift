// SPDX-License-Identifier: Apache-2.0

internal import CKernels
package import Tensors

/// IEEE half precision; encoding rounds to nearest even, and overflow gives infinity.
///
/// NaN stays NaN. Importance makes no difference. Layout: Formats/scalars.md.
package struct F16: BlockFormat {
  let instructionSet: InstructionSet

  package init(on instructionSet: InstructionSet = .current) {
    self.instructionSet = instructionSet
  }

  package var encoding: Encoding { .f16 }

  package func decode(
    _ blocks: UnsafeRawBufferPointer, into values: UnsafeMutableBufferPointer<Float>
  ) {
    let count = blockCount(values: values.count, bytes: blocks.count)
    pk_decode_f16(instructionSet.kernel, blocks.baseAddress, values.baseAddress, count)
  }

  package func nonFiniteCount(in blocks: UnsafeRawBufferPointer) -> Int? {
    BlockFormats.nonFiniteCount(ofHalves: blocks, exponent: 0x7c00, on: instructionSet)
  }

  package func encode(
    _ values: UnsafeBufferPointer<Float>, importance: UnsafeBufferPointer<Float>?,
    into blocks: UnsafeMutableRawBufferPointer
  ) {
    let count = blockCount(
      values: values.count, bytes: blocks.count, importance: importance?.count)
    pk_encode_f16(instructionSet.kernel, values.baseAddress, blocks.baseAddress, count)
  }
}
