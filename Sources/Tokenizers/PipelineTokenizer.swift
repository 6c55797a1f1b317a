// SPDX-License-Identifier: Apache-2.0

/// Turns one word, as a pipeline cut it, into pieces.
protocol WordModel: Sendable {
  /// Appends the ids of the part `range` of `text`, which is valid UTF-8.
  func append(_ range: Range<Int>, of text: [UInt8], to ids: inout [Int])
}

/// A tokenizer in the manner of `tokenizer.json`: added tokens are cut out, normalizers rewrite the
/// rest, pre-tokenizers cut it into words, and a model turns each word into pieces.
struct PipelineTokenizer: Tokenizer {
  let vocabulary: Vocabulary
  let pipeline: Pipeline
  let decoder: PieceDecoder
  private let model: any WordModel
  private let firstTokens: AddedTokens
  private let normalizedTokens: AddedTokens
  /// Every piece as it is spelled.
  private let spellings: PieceTable

  /// Makes a tokenizer of checked parts.
  ///
  /// `added` are the tokens recognised in text, by default those that the vocabulary's kinds mark.
  ///
  /// - Throws: ``TokenizerError/tooCostly(source:pattern:place:)`` for a normalizer that fails on
  ///   an added token.
  init(
    _ vocabulary: Vocabulary, pipeline: Pipeline, model: any WordModel, decoder: PieceDecoder,
    added: [AddedToken]? = nil
  ) throws(TokenizerError) {
    self.vocabulary = vocabulary
    self.pipeline = pipeline
    self.model = model
    self.decoder = decoder
    let added = added ?? AddedTokens.marked(in: vocabulary)
    firstTokens = AddedTokens(added.filter { !$0.isNormalized })
    normalizedTokens = AddedTokens(
      try added.filter(\.isNormalized).map { (token) throws(TokenizerError) in
        var token = token
        token.content = try pipeline.normalized(token.content)
        return token
      })
    spellings = PieceTable(spellingsOf: vocabulary)
  }

  func id(of piece: String) -> Int? { spellings.id(of: piece).map(Int.init) }

  func encode(_ text: [UInt8], parsingSpecial: Bool) throws(TokenizerError) -> [Int] {
    let text = UTF8Text.repaired(text)
    var ids: [Int] = []
    for segment in firstTokens.segments(of: text, parsingSpecial: parsingSpecial) {
      if let id = segment.id {
        ids.append(id)
        continue
      }
      let part = try pipeline.normalized(Array(text[segment.range]))
      for inner in normalizedTokens.segments(of: part, parsingSpecial: parsingSpecial) {
        if let id = inner.id {
          ids.append(id)
          continue
        }
        let isFirst = segment.range.lowerBound == 0 && inner.range.lowerBound == 0
        let words = try pipeline.words(of: Array(part[inner.range]), isFirst: isFirst)
        for range in words.ranges { model.append(range, of: words.text, to: &ids) }
      }
    }
    return ids
  }

  func bytes(of id: Int) -> [UInt8] {
    guard vocabulary.pieces.indices.contains(id) else { return [] }
    return decoder.bytes(of: vocabulary.pieces[id], vocabulary.kinds[id])
  }

  func decode(_ ids: some Sequence<Int>, skippingSpecial: Bool) -> [UInt8] {
    var result: [UInt8] = []
    for id in ids where !(skippingSpecial && vocabulary.isSpecial(id)) { result += bytes(of: id) }
    let spaces = result.prefix(decoder.strippedSpaces).prefix { $0 == UInt8(ascii: " ") }.count
    return spaces == 0 ? result : Array(result.dropFirst(spaces))
  }
}

extension PieceTable {
  /// Every piece of a vocabulary as it is spelled there.
  init(spellingsOf vocabulary: Vocabulary) {
    self.init(capacity: vocabulary.pieces.count)
    for (id, piece) in vocabulary.pieces.enumerated() { insert(piece.utf8, id: id) }
  }
}
