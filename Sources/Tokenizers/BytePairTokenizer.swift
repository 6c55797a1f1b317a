// SPDX-License-Identifier: Apache-2.0

/// BPE with merges by rank, over bytes (GPT-2 and its heirs) or over characters with bytes for
/// the rest (SentencePiece models as `tokenizer.json` writes them).
struct BytePairTokenizer: Tokenizer {
  /// What the pieces spell.
  enum Alphabet: Sendable, Equatable {
    /// Letters of ``ByteAlphabet``.
    case bytes
    /// Characters, with `▁` for a space; `<0xNN>` pieces for a character that is no piece.
    case characters(fallsBackToBytes: Bool, fusesUnknown: Bool)
  }

  let vocabulary: Vocabulary
  let pipeline: Pipeline
  let alphabet: Alphabet
  /// How many spaces in front the decoder takes away.
  let strippedSpaces: Int
  private let firstTokens: AddedTokens
  private let normalizedTokens: AddedTokens
  /// Every piece as it is spelled.
  private let spellings: PieceTable
  /// Ordinary pieces as the text that they stand for.
  private let words: PieceTable
  private let merges: MergeTable
  private let byteIDs: [Int32]
  /// What stands for text that no piece spells, or -1: such text is dropped.
  private let unknown: Int32

  /// Makes a tokenizer of checked parts.
  ///
  /// `unknown` is the piece for text that no other spells (a vocabulary may name an unknown piece
  /// that its model does not use); `added` are the tokens recognised in text, by default those that
  /// the vocabulary's kinds mark; `pairs` are the merges, if ``Vocabulary/merges`` cannot say them.
  init(
    _ vocabulary: Vocabulary, pipeline: Pipeline, alphabet: Alphabet = .bytes, unknown: Int? = nil,
    added: [AddedToken]? = nil, pairs: [(String, String)]? = nil, strippedSpaces: Int = 0,
    source: String
  ) throws(TokenizerError) {
    self.vocabulary = vocabulary
    self.pipeline = pipeline
    self.alphabet = alphabet
    self.unknown = unknown.map(Int32.init) ?? -1
    self.strippedSpaces = strippedSpaces
    let added = added ?? AddedTokens.marked(in: vocabulary)
    firstTokens = AddedTokens(added.filter { !$0.isNormalized })
    normalizedTokens = AddedTokens(
      added.filter(\.isNormalized).map {
        var token = $0
        token.content = pipeline.normalized(token.content)
        return token
      })
    var spellings = PieceTable(capacity: vocabulary.pieces.count)
    var words = PieceTable(capacity: vocabulary.pieces.count)
    for (id, piece) in vocabulary.pieces.enumerated() {
      spellings.insert(piece.utf8, id: id)
      guard vocabulary.kinds[id] == .normal else { continue }
      if alphabet == .bytes {
        if let bytes = ByteAlphabet.bytes(of: piece) { words.insert(bytes, id: id) }
      } else {
        words.insert(piece.utf8, id: id)
      }
    }
    byteIDs = (0...255).map { (byte: UInt8) in
      alphabet == .bytes
        ? words.id(of: [byte], 0..<1) ?? -1
        : spellings.id(of: BytePiece.spelling(of: byte)) ?? -1
    }
    merges = try Self.mergeTable(vocabulary, pairs, spellings, source: source)
    self.spellings = spellings
    self.words = words
  }

  private static func mergeTable(
    _ vocabulary: Vocabulary, _ pairs: [(String, String)]?, _ spellings: PieceTable,
    source: String
  ) throws(TokenizerError) -> MergeTable {
    var table = MergeTable(capacity: vocabulary.merges.count)
    for rank in 0..<(pairs?.count ?? vocabulary.merges.count) {
      let text = pairs == nil ? Array(vocabulary.merges[rank].utf8) : []
      var (left, right): ([UInt8], [UInt8]) = ([], [])
      if let pairs {
        (left, right) = (Array(pairs[rank].0.utf8), Array(pairs[rank].1.utf8))
      } else if let cut = text.dropFirst().firstIndex(of: UInt8(ascii: " ")) {
        (left, right) = (Array(text[..<cut]), Array(text[(cut + 1)...]))
      }
      let whole = left + right
      guard let leftID = spellings.id(of: left, 0..<left.count),
        let rightID = spellings.id(of: right, 0..<right.count),
        let id = spellings.id(of: whole, 0..<whole.count)
      else {
        let name = pairs.map { $0[rank].0 + " " + $0[rank].1 } ?? vocabulary.merges[rank]
        throw .malformed(
          source: source,
          reason: "merge \(rank) '\(name)': expected two pieces that join to a piece of the "
            + "vocabulary")
      }
      table.insert(left: leftID, right: rightID, Merge(rank: Int32(rank), id: id))
    }
    return table
  }

  func id(of piece: String) -> Int? { spellings.id(of: piece).map(Int.init) }

  func encode(_ text: [UInt8], parsingSpecial: Bool) -> [Int] {
    let text = UTF8Text.repaired(text)
    var ids: [Int] = []
    for segment in firstTokens.segments(of: text, parsingSpecial: parsingSpecial) {
      if let id = segment.id {
        ids.append(id)
        continue
      }
      let part = pipeline.normalized(Array(text[segment.range]))
      for inner in normalizedTokens.segments(of: part, parsingSpecial: parsingSpecial) {
        if let id = inner.id {
          ids.append(id)
          continue
        }
        let isFirst = segment.range.lowerBound == 0 && inner.range.lowerBound == 0
        encode(pipeline.words(of: Array(part[inner.range]), isFirst: isFirst), into: &ids)
      }
    }
    return ids
  }

  private func encode(_ words: Words, into ids: inout [Int]) {
    for range in words.ranges {
      if pipeline.ignoresMerges, let id = self.words.id(of: words.text, range) {
        ids.append(Int(id))
        continue
      }
      let symbols = mergeNeighbours(symbols(of: words.text, range), by: Rule(merges: merges))
      for symbol in symbols where symbol.id >= 0 { ids.append(Int(symbol.id)) }
    }
  }

  /// The parts of a word before merging.
  private func symbols(of text: [UInt8], _ range: Range<Int>) -> [Symbol] {
    guard case .characters(let fallsBackToBytes, let fusesUnknown) = alphabet else {
      return range.map { i in
        Symbol(range: i..<i + 1, id: byteIDs[Int(text[i])] >= 0 ? byteIDs[Int(text[i])] : unknown)
      }
    }
    var symbols: [Symbol] = []
    var start = range.lowerBound
    while start < range.upperBound {
      let end = min(start + UTF8Text.length(startingWith: text[start]), range.upperBound)
      if let id = words.id(of: text, start..<end) {
        symbols.append(Symbol(range: start..<end, id: id))
      } else if fallsBackToBytes, (start..<end).allSatisfy({ byteIDs[Int(text[$0])] >= 0 }) {
        symbols += (start..<end).map { Symbol(range: $0..<$0 + 1, id: byteIDs[Int(text[$0])]) }
      } else if fusesUnknown, let last = symbols.last, last.id == unknown {
        symbols[symbols.count - 1].range = last.range.lowerBound..<end
      } else {
        symbols.append(Symbol(range: start..<end, id: unknown))
      }
      start = end
    }
    return symbols
  }

  private struct Rule: MergeRule {
    let merges: MergeTable
    func merge(_ left: Symbol, _ right: Symbol) -> Merge? { merges.merge(left.id, right.id) }
  }

  func bytes(of id: Int) -> [UInt8] {
    guard vocabulary.pieces.indices.contains(id) else { return [] }
    let piece = vocabulary.pieces[id]
    switch (vocabulary.kinds[id], alphabet) {
    case (.normal, .bytes): return ByteAlphabet.bytes(of: piece) ?? Array(piece.utf8)
    case (.byte, _): return BytePiece.byte(of: piece).map { [$0] } ?? Array(piece.utf8)
    case (.normal, .characters): return BytePiece.withSpaces(piece)
    default: return Array(piece.utf8)
    }
  }

  func decode(_ ids: some Sequence<Int>, skippingSpecial: Bool) -> [UInt8] {
    var result: [UInt8] = []
    for id in ids where !(skippingSpecial && vocabulary.isSpecial(id)) { result += bytes(of: id) }
    let spaces = result.prefix(strippedSpaces).prefix { $0 == UInt8(ascii: " ") }.count
    return spaces == 0 ? result : Array(result.dropFirst(spaces))
  }
}
