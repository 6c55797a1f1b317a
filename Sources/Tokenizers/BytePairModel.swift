// SPDX-License-Identifier: Apache-2.0

/// BPE with merges by rank, over bytes (GPT-2 and its heirs) or over characters with bytes for
/// the rest (SentencePiece models as `tokenizer.json` writes them).
struct BytePairModel: WordModel {
  /// What the pieces spell.
  enum Alphabet: Sendable, Equatable {
    /// Letters of ``ByteAlphabet``.
    case bytes
    /// Characters, with `▁` for a space; `<0xNN>` pieces for a character that is no piece.
    case characters(fallsBackToBytes: Bool, fusesUnknown: Bool)
  }

  let alphabet: Alphabet
  /// Whether a word that is a piece is taken whole without merging.
  let ignoresMerges: Bool
  /// Ordinary pieces as the text that they stand for.
  private let words: PieceTable
  private let merges: MergeTable
  private let byteIDs: [Int32]
  /// What stands for text that no piece spells, or -1: such text is dropped.
  private let unknown: Int32

  /// Makes a model of a checked vocabulary.
  ///
  /// `unknown` is the piece for text that no other spells (a vocabulary may name an unknown piece
  /// that its model does not use); `pairs` are the merges, if ``Vocabulary/merges`` cannot say them.
  init(
    _ vocabulary: Vocabulary, alphabet: Alphabet = .bytes, ignoresMerges: Bool,
    unknown: Int? = nil, pairs: [(String, String)]? = nil, source: String
  ) throws(TokenizerError) {
    self.alphabet = alphabet
    self.ignoresMerges = ignoresMerges
    self.unknown = unknown.map(Int32.init) ?? -1
    let spellings = PieceTable(spellingsOf: vocabulary)
    var words = PieceTable(capacity: vocabulary.pieces.count)
    for (id, piece) in vocabulary.pieces.enumerated() where vocabulary.kinds[id] == .normal {
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

  func append(_ range: Range<Int>, of text: [UInt8], to ids: inout [Int]) {
    if ignoresMerges, let id = words.id(of: text, range) {
      ids.append(Int(id))
      return
    }
    let symbols = mergeNeighbours(symbols(of: text, range), by: Rule(merges: merges))
    for symbol in symbols where symbol.id >= 0 { ids.append(Int(symbol.id)) }
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

}
