// SPDX-License-Identifier: Apache-2.0

import Testing
import Tokenizers

struct SentencePieceTokenizerTests {
  private static let models: [Goldens.Model] = [.llava, .stories]

  @Test(arguments: models)
  func tokensEqualThoseOfTheReference(model: Goldens.Model) throws {
    let tokenizer = try model.tokenizer()
    for row in try model.rows {
      let ids = tokenizer.encode(row.bytes, parsingSpecial: false)
      #expect(ids == row.plain, "\(row.name)")
    }
  }

  @Test(arguments: models)
  func decodedTextEqualsThatOfTheReference(model: Goldens.Model) throws {
    let tokenizer = try model.tokenizer()
    for row in try model.rows {
      let text = tokenizer.text(of: row.plain)
      #expect(Array(text.utf8) == row.decoded.map { Array($0.utf8) }, "\(row.name)")
    }
  }
}
