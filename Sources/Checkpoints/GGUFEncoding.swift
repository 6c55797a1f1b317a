// SPDX-License-Identifier: Apache-2.0

package import Tensors

extension Encoding {
  /// The id of this encoding in a GGUF file, or nil if GGUF has none.
  ///
  /// - Source: ggml.h, `enum ggml_type`. `Formats/gguf.md`
  package var ggufType: UInt32? {
    switch self {
    case .f32: 0
    case .f16: 1
    case .q4_0: 2
    case .q4_1: 3
    case .q5_0: 6
    case .q5_1: 7
    case .q8_0: 8
    case .q8_1: 9
    case .q2_K: 10
    case .q3_K: 11
    case .q4_K: 12
    case .q5_K: 13
    case .q6_K: 14
    case .q8_K: 15
    case .iq2_XXS: 16
    case .iq2_XS: 17
    case .iq3_XXS: 18
    case .iq1_S: 19
    case .iq4_NL: 20
    case .iq3_S: 21
    case .iq2_S: 22
    case .iq4_XS: 23
    case .i8: 24
    case .i16: 25
    case .i32: 26
    case .i64: 27
    case .f64: 28
    case .iq1_M: 29
    case .bf16: 30
    case .tq1_0: 34
    case .tq2_0: 35
    case .mxfp4: 39
    case .nvfp4: 40
    case .q1_0: 41
    case .q2_0: 42
    case .f8E4M3, .f8E4M3FNUZ, .f8E5M2, .f8E5M2FNUZ, .f8E8M0, .f6E2M3, .f6E3M2, .f4, .complex64,
      .u64, .u32, .u16, .u8, .bool:
      nil
    }
  }

  /// The encoding with an id, or nil if the id is unknown or was removed.
  package init?(ggufType id: UInt32) {
    guard let encoding = Encoding.byGGUFType[id] else { return nil }
    self = encoding
  }

  /// Types that old files hold and that were removed from GGUF, by id.
  static let removedGGUFTypes: [UInt32: String] = [
    4: "Q4_2", 5: "Q4_3", 31: "Q4_0_4_4", 32: "Q4_0_4_8", 33: "Q4_0_8_8", 36: "IQ4_NL_4_4",
    37: "IQ4_NL_4_8", 38: "IQ4_NL_8_8",
  ]

  private static let byGGUFType: [UInt32: Encoding] = {
    var table: [UInt32: Encoding] = [:]
    for encoding in allCases {
      if let id = encoding.ggufType { table[id] = encoding }
    }
    return table
  }()
}
