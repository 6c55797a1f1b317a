// SPDX-License-Identifier: Apache-2.0

internal import CKernels
package import Tensors

/// A format of GGUF that packs a fixed number of elements, with their scales, into a block.
///
/// Encoding searches codes and scales together for the least squared error of the block as stored;
/// what each format tries is in `Formats/NAME.md`, beside its layout.
package struct PackedBlocks: BlockFormat {
  typealias Decode =
    @convention(c) @Sendable (
      pk_instruction_set, UnsafeRawPointer?, UnsafeMutablePointer<Float>?, Int
    ) -> Void
  typealias Encode =
    @convention(c) @Sendable (
      pk_instruction_set, UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafeMutableRawPointer?,
      Int
    ) -> Void

  package let encoding: Encoding
  let instructionSet: InstructionSet
  private let kernels: (decode: Decode, encode: Encode)

  /// Makes the format of an encoding in blocks, or nil if it is none that is implemented.
  package init?(_ encoding: Encoding, on instructionSet: InstructionSet = .current) {
    guard let kernels = PackedBlocks.kernels(of: encoding) else { return nil }
    self.encoding = encoding
    self.instructionSet = instructionSet
    self.kernels = kernels
  }

  private static func kernels(of encoding: Encoding) -> (decode: Decode, encode: Encode)? {
    switch encoding {
    case .q4_0: (pk_decode_q4_0, pk_encode_q4_0)
    case .q4_1: (pk_decode_q4_1, pk_encode_q4_1)
    case .q5_0: (pk_decode_q5_0, pk_encode_q5_0)
    case .q5_1: (pk_decode_q5_1, pk_encode_q5_1)
    case .q8_0: (pk_decode_q8_0, pk_encode_q8_0)
    case .q2_K: (pk_decode_q2_k, pk_encode_q2_k)
    case .q3_K: (pk_decode_q3_k, pk_encode_q3_k)
    case .q4_K: (pk_decode_q4_k, pk_encode_q4_k)
    case .q5_K: (pk_decode_q5_k, pk_encode_q5_k)
    case .q6_K: (pk_decode_q6_k, pk_encode_q6_k)
    case .iq1_S: (pk_decode_iq1_s, pk_encode_iq1_s)
    case .iq1_M: (pk_decode_iq1_m, pk_encode_iq1_m)
    case .iq2_XXS: (pk_decode_iq2_xxs, pk_encode_iq2_xxs)
    case .iq2_XS: (pk_decode_iq2_xs, pk_encode_iq2_xs)
    case .iq2_S: (pk_decode_iq2_s, pk_encode_iq2_s)
    case .iq3_XXS: (pk_decode_iq3_xxs, pk_encode_iq3_xxs)
    case .iq3_S: (pk_decode_iq3_s, pk_encode_iq3_s)
    case .iq4_NL: (pk_decode_iq4_nl, pk_encode_iq4_nl)
    case .iq4_XS: (pk_decode_iq4_xs, pk_encode_iq4_xs)
    case .tq1_0: (pk_decode_tq1_0, pk_encode_tq1_0)
    case .tq2_0: (pk_decode_tq2_0, pk_encode_tq2_0)
    case .mxfp4: (pk_decode_mxfp4, pk_encode_mxfp4)
    case .nvfp4: (pk_decode_nvfp4, pk_encode_nvfp4)
    case .q1_0: (pk_decode_q1_0, pk_encode_q1_0)
    case .q2_0: (pk_decode_q2_0, pk_encode_q2_0)
    default: nil
    }
  }

  package func decode(
    _ blocks: UnsafeRawBufferPointer, into values: UnsafeMutableBufferPointer<Float>
  ) {
    let count = blockCount(values: values.count, bytes: blocks.count)
    kernels.decode(instructionSet.kernel, blocks.baseAddress, values.baseAddress, count)
  }

  package func encode(
    _ values: UnsafeBufferPointer<Float>, importance: UnsafeBufferPointer<Float>?,
    into blocks: UnsafeMutableRawBufferPointer
  ) {
    let count = blockCount(
      values: values.count, bytes: blocks.count, importance: importance?.count)
    kernels.encode(
      instructionSet.kernel, values.baseAddress, importance?.baseAddress, blocks.baseAddress, count)
  }
}
