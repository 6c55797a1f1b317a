// SPDX-License-Identifier: Apache-2.0

/// SentencePiece's two algorithms: BPE, where characters merge to the neighbouring pair whose piece
/// has the best score, and the unigram model.
///
/// User-defined pieces are always taken and never merge; a character that is no piece becomes its
/// bytes if the vocabulary has byte pieces, else the unknown piece (one for a whole run).
///
/// When special pieces are parsed, they and the user-defined ones part the text, and each stretch
/// between is normalized on its own, with its own space in front: so a prompt around an image is
/// tokenized as if its parts had been passed alone.
///
/// Source: Kudo and Richardson, arXiv:1808.06226; Formats/tokenizers.md.
struct SentencePieceTokenizer: Tokenizer {
  let vocabulary: Vocabulary
  private let normalizer: SentencePieceNormalizer
  private let specialTokens: AddedTokens
  private let spellings: PieceTable
  /// Normal, user-defined and unused pieces: what merging can make.
  private let mergeable: PieceTable
  /// The place of a piece's score among all scores, best first; equal scores share one.
  private let ranks: [Int32]
  private let userDefined: AddedTokens
  /// The unigram model; nil for BPE.
  private let unigram: UnigramModel?
  private let byteIDs: [Int32]?
  /// Whether no piece has a space behind another character: then no merge crosses from a word to
  /// the next, and each can be merged by itself.
  private let partsWords: Bool

  init(_ vocabulary: Vocabulary, source: String) throws(TokenizerError) {
    self.vocabulary = vocabulary
    var spellings = PieceTable(capacity: vocabulary.pieces.count)
    var mergeable = PieceTable(capacity: vocabulary.pieces.count)
    for (id, piece) in vocabulary.pieces.enumerated() {
      spellings.insert(piece.utf8, id: id)
      switch vocabulary.kinds[id] {
      case .normal, .userDefined, .unused: mergeable.insert(piece.utf8, id: id)
      case .unknown, .control, .byte: break
      }
    }
    let bytes = (0...255).compactMap { (byte: UInt8) in
      spellings.id(of: BytePiece.spelling(of: byte)).flatMap {
        vocabulary.kinds[Int($0)] == .byte ? $0 : nil
      }
    }
    byteIDs = bytes.count == 256 ? bytes : nil
    ranks = Self.ranks(of: vocabulary.scores)
    let marked = AddedTokens.marked(in: vocabulary)
    specialTokens = AddedTokens(marked)
    userDefined = AddedTokens(marked.filter { !$0.isSpecial })
    normalizer = try SentencePieceNormalizer(
      vocabulary, keeping: userDefined, source: source)
    unigram = vocabulary.model == .unigram ? UnigramModel(vocabulary) : nil
    self.spellings = spellings
    self.mergeable = mergeable
    partsWords = !zip(vocabulary.pieces, vocabulary.kinds).contains { piece, kind in
      [.normal, .userDefined, .unused].contains(kind) && Self.joinsWords(piece)
    }
  }

  private static func ranks(of scores: [Float]) -> [Int32] {
    let order = scores.indices.sorted { scores[$0] > scores[$1] }
    var ranks = [Int32](repeating: 0, count: scores.count)
    for (place, id) in order.enumerated().dropFirst() {
      let previous = order[place - 1]
      ranks[id] = ranks[previous] + (scores[id] == scores[previous] ? 0 : 1)
    }
    return ranks
  }

  func id(of piece: String) -> Int? { spellings.id(of: piece).map(Int.init) }

  func encode(_ text: [UInt8], parsingSpecial: Bool) -> [Int] {
    let text = UTF8Text.repaired(text)
    guard parsingSpecial else { return encode(text) }
    return specialTokens.segments(of: text, parsingSpecial: true).flatMap { segment in
      segment.id.map { [$0] } ?? encode(Array(text[segment.range]))
    }
  }

  private func encode(_ text: [UInt8]) -> [Int] {
    let text = normalizer.normalized(text)
    var ids: [Int] = []
    var isAfterUnknown = false
    for symbol in segmented(text) {
      let isUnknown = symbol.id < 0 && byteIDs == nil
      if !(isUnknown && isAfterUnknown) { ids += self.ids(of: symbol, in: text) }
      isAfterUnknown = isUnknown
    }
    return ids
  }

  private func segmented(_ text: [UInt8]) -> [Symbol] {
    if let unigram { return unigram.symbols(of: text, 0..<text.count) }
    let rule = Rule(text: text, pieces: mergeable, ranks: ranks)
    guard partsWords else { return mergeNeighbours(symbols(of: text), by: rule) }
    var result: [Symbol] = []
    var word: [Symbol] = []
    var isAfterSpace = true
    for symbol in symbols(of: text) {
      let isSpace = text[symbol.range].elementsEqual(Pipeline.space)
      if isSpace, !isAfterSpace {
        result += mergeNeighbours(word, by: rule)
        word.removeAll(keepingCapacity: true)
      }
      word.append(symbol)
      isAfterSpace = isSpace
    }
    return result + mergeNeighbours(word, by: rule)
  }

  /// Whether a piece has `▁` behind another character.
  private static func joinsWords(_ piece: String) -> Bool {
    let scalars = piece.unicodeScalars
    return zip(scalars, scalars.dropFirst()).contains { $0 != "▁" && $1 == "▁" }
  }

  private func symbols(of text: [UInt8]) -> [Symbol] {
    var symbols: [Symbol] = []
    for segment in userDefined.segments(of: text, parsingSpecial: false) {
      if let id = segment.id {
        symbols.append(Symbol(range: segment.range, id: Int32(id), isFrozen: true))
        continue
      }
      symbols += characters(of: text, segment.range)
    }
    return symbols
  }

  private func characters(of text: [UInt8], _ range: Range<Int>) -> [Symbol] {
    var symbols: [Symbol] = []
    var start = range.lowerBound
    while start < range.upperBound {
      let end = min(start + UTF8Text.length(startingWith: text[start]), range.upperBound)
      symbols.append(Symbol(range: start..<end, id: mergeable.id(of: text, start..<end) ?? -1))
      start = end
    }
    return symbols
  }

  /// The ids of a merged symbol: its own, or those of the parts it was merged from if it is an
  /// unused piece; nothing if it is no piece.
  private func resolve(_ symbol: Symbol, in text: [UInt8]) -> [Int] {
    guard symbol.id >= 0 else { return [] }
    let id = Int(symbol.id)
    guard vocabulary.kinds[id] == .unused, !symbol.isFrozen else { return [id] }
    // What merged inside a symbol never depended on its surroundings, so merging its text alone,
    // but for the last step, gives the parts back.
    let rule = Rule(text: text, pieces: mergeable, ranks: ranks, forbidden: symbol.range)
    let parts = mergeNeighbours(characters(of: text, symbol.range), by: rule)
    return parts.count < 2 ? [id] : parts.flatMap { ids(of: $0, in: text) }
  }

  private func ids(of symbol: Symbol, in text: [UInt8]) -> [Int] {
    let known = resolve(symbol, in: text)
    guard known.isEmpty else { return known }
    return byteIDs.map { bytes in text[symbol.range].map { Int(bytes[Int($0)]) } }
      ?? [vocabulary.unknown ?? 0]
  }

  private struct Rule: MergeRule {
    let text: [UInt8]
    let pieces: PieceTable
    let ranks: [Int32]
    /// A range that must not become one symbol.
    var forbidden: Range<Int>?

    func merge(_ left: Symbol, _ right: Symbol) -> Merge? {
      let range = left.range.lowerBound..<right.range.upperBound
      guard range != forbidden, let id = pieces.id(of: text, range) else { return nil }
      return Merge(rank: ranks[Int(id)], id: id)
    }
  }

  func bytes(of id: Int) -> [UInt8] {
    guard vocabulary.pieces.indices.contains(id) else { return [] }
    let piece = vocabulary.pieces[id]
    switch vocabulary.kinds[id] {
    case .byte: return BytePiece.byte(of: piece).map { [$0] } ?? Array(piece.utf8)
    case .control, .unknown: return Array(piece.utf8)
    case .normal, .userDefined, .unused: return BytePiece.withSpaces(piece)
    }
  }

  func decode(_ ids: some Sequence<Int>, skippingSpecial: Bool) -> [UInt8] {
    var result: [UInt8] = []
    for id in ids where !(skippingSpecial && vocabulary.isSpecial(id)) { result += bytes(of: id) }
    let spaces = result.prefix { $0 == 0x20 }.count
    if vocabulary.removesExtraSpaces {
      result.removeFirst(spaces)
    } else if vocabulary.addsSpacePrefix, spaces > 0 {
      result.removeFirst()
    }
    return result
  }
}
