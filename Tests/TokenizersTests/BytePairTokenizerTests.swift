// SPDX-License-Identifier: Apache-2.0

import Testing
import Tokenizers

struct BytePairTokenizerTests {
  private static let models: [Goldens.Model] = [.mm1, .smolVLM]

  @Test(arguments: models + [.byteFallback])
  func tokensEqualThoseOfTheReference(model: Goldens.Model) throws {
    let tokenizer = try model.tokenizer()
    for row in try model.rows {
      let name = row.name
      let special = try tokenizer.encode(row.bytes, parsingSpecial: true)
      #expect(special == row.special, "\(name)")
      let plain = try tokenizer.encode(row.bytes, parsingSpecial: false)
      #expect(plain == row.plain, "\(name)")
    }
  }

  @Test(arguments: models)
  func decodingGivesTheTextBackWhereTheVocabularyHasItsBytes(model: Goldens.Model) throws {
    let tokenizer = try model.tokenizer()
    for row in try model.rows {
      let text = row.name.utf8.filter { byte in
        tokenizer.id(of: ByteAlphabet.spelling(of: [byte])) != nil
      }
      for parsing in [false, true] {
        let ids = try tokenizer.encode(row.bytes, parsingSpecial: parsing)
        let decoded = tokenizer.decode(ids, skippingSpecial: false)
        #expect(decoded == text, "\(row.name)")
        #expect(ids.flatMap { tokenizer.bytes(of: $0) } == decoded)
      }
    }
  }
}
