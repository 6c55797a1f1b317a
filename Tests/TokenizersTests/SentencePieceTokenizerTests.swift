// SPDX-License-Identifier: Apache-2.0

import Testing
import Tokenizers

struct SentencePieceTokenizerTests {
  private static let models: [Goldens.Model] = [
    .llava, .stories, .nfkc, .unigram, .unigramIdentity,
  ]

  @Test(arguments: models)
  func tokensEqualThoseOfTheReference(model: Goldens.Model) throws {
    let tokenizer = try model.tokenizer()
    for row in try model.rows {
      let ids = try tokenizer.encode(row.bytes, parsingSpecial: false)
      #expect(ids == row.plain, "\(row.name)")
    }
  }

  @Test(arguments: models)
  func decodedTextEqualsThatOfTheReference(model: Goldens.Model) throws {
    let tokenizer = try model.tokenizer()
    // SentencePiece shows the unknown piece as U+2047; here it is left out.
    for row in try model.rows where !(row.decoded ?? "").contains("\u{2047}") {
      let text = tokenizer.text(of: row.plain)
      #expect(Array(text.utf8) == row.decoded.map { Array($0.utf8) }, "\(row.name)")
    }
  }

  @Test func textAroundAnImageIsEncodedOnItsOwn() throws {
    let tokenizer = try Goldens.Model.llava.tokenizer()
    let image = try #require(tokenizer.id(of: "<image>"))
    let prompt = "USER: <image>\nWhat is it? ASSISTANT:"
    #expect(
      try tokenizer.encodeSequence(prompt, parsingSpecial: true)
        == [1] + tokenizer.encode("USER: ") + [image]
        + tokenizer.encode("\nWhat is it? ASSISTANT:"))
  }

  @Test func anUnusedPieceIsSplitIntoTheOnesItWasMergedFrom() throws {
    var vocabulary = Vocabulary(
      model: .sentencePiece, pieces: ["<unk>", "a", "b", "ab", "abab"],
      kinds: [.unknown, .normal, .normal, .unused, .unused])
    vocabulary.scores = [0, -3, -4, -1, -2]
    vocabulary.unknown = 0
    #expect(try makeTokenizer(vocabulary).encode("abababxya") == [1, 2, 1, 2, 1, 2, 0, 1])
  }

  @Test func aPieceOfTwoWordsIsFoundAcrossThem() throws {
    var vocabulary = Vocabulary(
      model: .sentencePiece, pieces: ["<unk>", "▁", "a", "b", "▁b", "a▁b"],
      kinds: [.unknown, .normal, .normal, .normal, .normal, .normal])
    vocabulary.scores = [0, -9, -9, -9, -1, -2]
    vocabulary.unknown = 0
    #expect(try makeTokenizer(vocabulary).encode("a b") == [5])
    vocabulary.pieces[5] = "ab"
    #expect(try makeTokenizer(vocabulary).encode("a b") == [2, 4])
  }

  @Test func longRunsTakeNoQuadraticTime() throws {
    let tokenizer = try Goldens.Model.llava.tokenizer()
    let clock = ContinuousClock()
    var ids: [Int] = []
    let time = try clock.measure {
      ids = try tokenizer.encode(String(repeating: " ", count: 20_000), parsingSpecial: false)
    }
    #expect(tokenizer.decode(ids, skippingSpecial: true).count == 20_000)
    #expect(time < .seconds(5))
  }
}
