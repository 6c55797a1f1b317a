// SPDX-License-Identifier: Apache-2.0

package import Tensors

/// IEEE single precision: decoding and encoding copy the bits.
package struct F32: BlockFormat {
  package init() {}

  package var encoding: Encoding { .f32 }

  package func decode(
    _ blocks: UnsafeRawBufferPointer, into values: UnsafeMutableBufferPointer<Float>
  ) {
    _ = blockCount(values: values.count, bytes: blocks.count)
    UnsafeMutableRawBufferPointer(values).copyMemory(from: blocks)
  }

  package func encode(
    _ values: UnsafeBufferPointer<Float>, importance: UnsafeBufferPointer<Float>?,
    into blocks: UnsafeMutableRawBufferPointer
  ) {
    _ = blockCount(values: values.count, bytes: blocks.count, importance: importance?.count)
    blocks.copyMemory(from: UnsafeRawBufferPointer(values))
  }
}
