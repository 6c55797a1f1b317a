// SPDX-License-Identifier: Apache-2.0

package import CKernels
import Tensors

/// What the codes of a block format are: each element is `step * (lowest + code) + offset`, a code
/// fits a byte, and a group of elements shares step and offset.
package struct ByteGrid: Sendable {
  typealias Steps =
    @convention(c) @Sendable (
      UnsafeRawPointer?, UnsafeMutablePointer<Float>?, UnsafeMutablePointer<Float>?, Int
    ) -> Void

  /// Elements that share a step: 16 or 32.
  package let groupSize: Int
  /// The integer of code 0.
  package let lowest: Int
  private let kernel: Steps
  private let blockBytes: Int

  /// The grid of a format; nil where codes are not so simple.
  package init?(of format: any BlockFormat) {
    let known: (Int, Int, Steps)? =
      switch format.encoding {
      case .q4_0: (32, -8, pk_steps_q4_0)
      case .q4_1: (32, 0, pk_steps_q4_1)
      case .q5_0: (32, -16, pk_steps_q5_0)
      case .q5_1: (32, 0, pk_steps_q5_1)
      case .q8_0: (32, -128, pk_steps_q8_0)
      case .q2_K: (16, 0, pk_steps_q2_k)
      case .q3_K: (16, -4, pk_steps_q3_k)
      case .q4_K: (32, 0, pk_steps_q4_k)
      case .q5_K: (32, 0, pk_steps_q5_k)
      case .q6_K: (16, -32, pk_steps_q6_k)
      case .iq4_NL: (32, -128, pk_steps_iq4_nl)
      case .iq4_XS: (32, -128, pk_steps_iq4_xs)
      case .mxfp4: (32, -12, pk_steps_mxfp4)
      case .tq2_0: (32, -1, pk_steps_tq2_0)
      default: nil
      }
    guard let (groupSize, lowest, kernel) = known else { return nil }
    self.groupSize = groupSize
    self.lowest = lowest
    self.kernel = kernel
    blockBytes = format.encoding.bytesPerBlock
  }

  /// The same for C.
  package var kernelGrid: pk_byte_grid {
    pk_byte_grid(group: groupSize, lowest: Int32(lowest))
  }

  /// Reads what groups share.
  ///
  /// - Parameters:
  ///   - blocks: Whole blocks.
  ///   - steps: Receives one for each of their groups.
  ///   - offsets: Likewise.
  package func read(
    _ blocks: UnsafeRawBufferPointer, steps: UnsafeMutablePointer<Float>,
    offsets: UnsafeMutablePointer<Float>
  ) {
    kernel(blocks.baseAddress, steps, offsets, blocks.count / blockBytes)
  }
}
