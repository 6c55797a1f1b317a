// SPDX-License-Identifier: Apache-2.0

/// How the elements of a tensor are stored: a scalar type, or a block format that packs several
/// elements into a few bytes with shared scales.
///
/// The cases cover every dtype of safetensors and every tensor type of GGUF. Rows are a whole
/// number of blocks and follow each other without gaps. Layouts: `Formats/`.
package enum Encoding: String, CaseIterable, Sendable, Hashable, CustomStringConvertible {
  // Scalars
  case f64 = "F64"
  case f32 = "F32"
  case f16 = "F16"
  case bf16 = "BF16"
  case f8E4M3 = "F8_E4M3"
  case f8E4M3FNUZ = "F8_E4M3FNUZ"
  case f8E5M2 = "F8_E5M2"
  case f8E5M2FNUZ = "F8_E5M2FNUZ"
  case f8E8M0 = "F8_E8M0"
  case f6E2M3 = "F6_E2M3"
  case f6E3M2 = "F6_E3M2"
  case f4 = "F4"
  case complex64 = "C64"
  case i64 = "I64"
  case i32 = "I32"
  case i16 = "I16"
  case i8 = "I8"
  case u64 = "U64"
  case u32 = "U32"
  case u16 = "U16"
  case u8 = "U8"
  case bool = "BOOL"

  // Block formats of GGUF
  case q4_0 = "Q4_0"
  case q4_1 = "Q4_1"
  case q5_0 = "Q5_0"
  case q5_1 = "Q5_1"
  case q8_0 = "Q8_0"
  case q8_1 = "Q8_1"
  case q2_K = "Q2_K"
  case q3_K = "Q3_K"
  case q4_K = "Q4_K"
  case q5_K = "Q5_K"
  case q6_K = "Q6_K"
  case q8_K = "Q8_K"
  case iq2_XXS = "IQ2_XXS"
  case iq2_XS = "IQ2_XS"
  case iq2_S = "IQ2_S"
  case iq3_XXS = "IQ3_XXS"
  case iq3_S = "IQ3_S"
  case iq1_S = "IQ1_S"
  case iq1_M = "IQ1_M"
  case iq4_NL = "IQ4_NL"
  case iq4_XS = "IQ4_XS"
  case tq1_0 = "TQ1_0"
  case tq2_0 = "TQ2_0"
  case mxfp4 = "MXFP4"
  case nvfp4 = "NVFP4"
  case q1_0 = "Q1_0"
  case q2_0 = "Q2_0"

  package var description: String { rawValue }

  /// Elements that share one block; 1 for whole-byte scalars.
  package var elementsPerBlock: Int { layout.elements }

  /// Bytes of one block.
  package var bytesPerBlock: Int { layout.bytes }

  /// Storage cost in bits per element, scales included.
  package var bitsPerElement: Double { Double(layout.bytes * 8) / Double(layout.elements) }

  private var layout: (elements: Int, bytes: Int) {
    switch self {
    case .f64, .i64, .u64, .complex64: (1, 8)
    case .f32, .i32, .u32: (1, 4)
    case .f16, .bf16, .i16, .u16: (1, 2)
    case .f8E4M3, .f8E4M3FNUZ, .f8E5M2, .f8E5M2FNUZ, .f8E8M0, .i8, .u8, .bool: (1, 1)
    case .f6E2M3, .f6E3M2: (4, 3)
    case .f4: (2, 1)
    case .q4_0, .iq4_NL: (32, 18)
    case .q4_1: (32, 20)
    case .q5_0: (32, 22)
    case .q5_1: (32, 24)
    case .q8_0: (32, 34)
    case .q8_1: (32, 36)
    case .q2_K: (256, 84)
    case .q3_K, .iq3_S: (256, 110)
    case .q4_K: (256, 144)
    case .q5_K: (256, 176)
    case .q6_K: (256, 210)
    case .q8_K: (256, 292)
    case .iq2_XXS, .tq2_0: (256, 66)
    case .iq2_XS: (256, 74)
    case .iq2_S: (256, 82)
    case .iq3_XXS: (256, 98)
    case .iq1_S: (256, 50)
    case .iq1_M: (256, 56)
    case .iq4_XS: (256, 136)
    case .tq1_0: (256, 54)
    case .mxfp4: (32, 17)
    case .nvfp4: (64, 36)
    case .q1_0: (128, 18)
    case .q2_0: (64, 18)
    }
  }

  /// Bytes that `count` elements take, or nil if they are no whole number of blocks, or overflow.
  package func byteCount(elements count: Int) -> Int? {
    guard count >= 0, count % elementsPerBlock == 0 else { return nil }
    let (bytes, overflow) = (count / elementsPerBlock).multipliedReportingOverflow(
      by: bytesPerBlock)
    return overflow ? nil : bytes
  }
}
