// SPDX-License-Identifier: Apache-2.0

package import Tensors

/// The encoding that a tensor gets, and why it is not the one that was wanted.
package struct EncodingChoice: Sendable, Hashable {
  package let encoding: Encoding
  /// What the recipe asked for.
  package let wanted: Encoding
  /// The recipe's reason, if it gives one.
  package let reason: String?

  package var isFallback: Bool { encoding != wanted }

  /// The wanted encoding, or the first that fits the rows.
  ///
  /// - Source: the order of fallbacks is that of llama.cpp, `src/llama-quant.cpp`.
  package init(wanted: Encoding, reason: String?, shape: Shape) {
    self.wanted = wanted
    self.reason = reason
    var encoding = wanted
    while shape.rowLength % encoding.elementsPerBlock != 0 {
      encoding = EncodingChoice.fallback(of: encoding)
    }
    self.encoding = encoding
  }

  private static func fallback(of encoding: Encoding) -> Encoding {
    switch encoding {
    case .iq1_S, .iq1_M, .iq2_XXS, .iq2_XS, .iq2_S, .iq3_XXS, .iq3_S, .iq4_XS: .iq4_NL
    case .q2_K, .q3_K, .tq1_0, .tq2_0, .q1_0, .q2_0, .nvfp4: .q4_0
    case .q4_K: .q5_0
    case .q5_K: .q5_1
    case .q6_K: .q8_0
    default: .f16
    }
  }
}
