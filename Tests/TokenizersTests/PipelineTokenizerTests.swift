// SPDX-License-Identifier: Apache-2.0

import Testing
import Tokenizers

struct PipelineTokenizerTests {
  private static let models: [Goldens.Model] = [
    .t5, .bert, .bertCased, .wordLevel, .wordLevelBytes,
  ]

  @Test(arguments: models)
  func tokensEqualThoseOfTheReference(model: Goldens.Model) throws {
    let tokenizer = try model.tokenizer()
    for row in try model.rows {
      let special = try tokenizer.encode(row.bytes, parsingSpecial: true)
      #expect(special == row.special, "\(row.name)")
      let plain = try tokenizer.encode(row.bytes, parsingSpecial: false)
      #expect(plain == row.plain, "\(row.name)")
    }
  }

  @Test(arguments: models)
  func decodedTextEqualsThatOfTheReference(model: Goldens.Model) throws {
    let tokenizer = try model.tokenizer()
    for row in try model.rows {
      let text = Array(tokenizer.text(of: row.plain).utf8)
      #expect(text == row.decoded.map { Array($0.utf8) }, "\(row.name)")
    }
  }
}
