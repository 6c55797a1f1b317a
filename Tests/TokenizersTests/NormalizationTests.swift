// SPDX-License-Identifier: Apache-2.0

import Notation
import Testing

@testable import Tokenizers

struct NormalizationTests {
  @Test func formsEqualThoseOfTheReference() throws {
    for row in try Goldens.rows("normalized.json") {
      let forms = try #require(row.array).compactMap { $0.string.map { Array($0.utf8) } }
      try #require(forms.count == 5)
      #expect(Normalization.composed(forms[0]) == forms[1])
      #expect(Normalization.decomposed(forms[0]) == forms[2])
      #expect(Normalization.composed(forms[2]) == forms[1])
      #expect(Normalization.compatiblyComposed(forms[0]) == forms[3])
      #expect(Normalization.compatiblyDecomposed(forms[0]) == forms[4])
    }
  }
}
