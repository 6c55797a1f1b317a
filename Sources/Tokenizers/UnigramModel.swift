// SPDX-License-Identifier: Apache-2.0

/// A unigram language model: of all ways to spell a text with pieces, the one whose scores, log
/// probabilities, have the greatest sum.
///
/// A character that no piece spells costs ten more than the least likely piece.
///
/// Source: Kudo, arXiv:1804.10959; the penalty, the bonus of user-defined pieces and the order in
/// which equal sums are taken are those of SentencePiece and Hugging Face's tokenizers.
struct UnigramModel: Sendable {
  /// How sums of scores are kept: the two implementations that define vocabularies differ in it,
  /// and so in which of two nearly equal spellings they take.
  enum Precision: Sendable {
    /// As in SentencePiece.
    case single
    /// As in Hugging Face's tokenizers.
    case double
  }

  private let trie: ByteTrie
  private let scores: [Double]
  private let unknownScore: Double
  private let precision: Precision

  /// Makes a model of pieces and their scores.
  ///
  /// A piece without a score is never taken from a text; `least` is the score of the least likely
  /// of the ordinary pieces.
  init(_ pieces: [String], scores: [Double?], least: Double, precision: Precision) {
    var trie = ByteTrie()
    for (id, piece) in pieces.enumerated() where scores[id] != nil {
      trie.insert(piece.utf8, value: id)
    }
    self.trie = trie
    self.scores = scores.map { $0 ?? 0 }
    self.precision = precision
    unknownScore = least - 10
  }

  /// The model of a checked SentencePiece vocabulary.
  init(_ vocabulary: Vocabulary) {
    let normal = vocabulary.scores.indices.filter { vocabulary.kinds[$0] == .normal }
      .map { Double(vocabulary.scores[$0]) }
    let greatest = normal.max() ?? 0
    let scores: [Double?] = vocabulary.pieces.enumerated().map { id, piece in
      switch vocabulary.kinds[id] {
      case .normal: Double(vocabulary.scores[id])
      // Above any other spelling of its text, so that it is always taken.
      case .userDefined: Double(piece.utf8.count) * greatest - 0.1
      case .unknown, .control, .unused, .byte: nil
      }
    }
    self.init(vocabulary.pieces, scores: scores, least: normal.min() ?? 0, precision: .single)
  }

  /// The best spelling of the part `range` of `text`; a character that is no piece has a negative
  /// id.
  ///
  /// - Complexity: O(n·l) in the length of the text and of the longest piece.
  func symbols(of text: [UInt8], _ range: Range<Int>) -> [Symbol] {
    var lattice = Lattice(range: range, precision: precision)
    var start = range.lowerBound
    while start < range.upperBound {
      let next = min(start + UTF8Text.length(startingWith: text[start]), range.upperBound)
      let score = lattice.score(at: start)
      var isSpelled = false
      var node = ByteTrie.root
      var end = start
      while end < range.upperBound, let child = trie.child(of: node, text[end]) {
        node = child
        end += 1
        guard let id = trie.value(of: node) else { continue }
        lattice.propose(Int32(id), from: start, to: end, score + scores[id])
        if end == next { isSpelled = true }
      }
      if !isSpelled { lattice.propose(-1, from: start, to: next, score + unknownScore) }
      start = next
    }
    return lattice.symbols
  }

  /// The best way to each place in a text.
  private struct Lattice {
    private struct Step {
      var start = -1
      /// The last piece, or negative if the last character is none.
      var id: Int32 = -1
      var score: Double = 0
    }

    let range: Range<Int>
    let precision: Precision
    private var steps: [Step]

    init(range: Range<Int>, precision: Precision) {
      self.range = range
      self.precision = precision
      steps = Array(repeating: Step(), count: range.count + 1)
    }

    func score(at place: Int) -> Double { steps[place - range.lowerBound].score }

    @inline(__always)
    mutating func propose(_ id: Int32, from start: Int, to end: Int, _ score: Double) {
      let place = end - range.lowerBound
      let score = precision == .single ? Double(Float(score)) : score
      guard steps[place].start < 0 || score > steps[place].score else { return }
      steps[place] = Step(start: start, id: id, score: score)
    }

    var symbols: [Symbol] {
      var result: [Symbol] = []
      var end = range.upperBound
      while end > range.lowerBound {
        let step = steps[end - range.lowerBound]
        result.append(Symbol(range: step.start..<end, id: step.id))
        end = step.start
      }
      return result.reversed()
    }
  }
}

/// A unigram model as `tokenizer.json` has it: a run of characters that are no pieces becomes one
/// unknown piece, or its bytes.
struct UnigramWordModel: WordModel {
  let model: UnigramModel
  /// The ids of the 256 byte pieces, if characters that are no pieces become bytes.
  let byteIDs: [Int]?
  /// What stands for text that no piece spells; nil drops such text.
  let unknown: Int?

  func append(_ range: Range<Int>, of text: [UInt8], to ids: inout [Int]) {
    var isAfterUnknown = false
    for symbol in model.symbols(of: text, range) {
      if symbol.id >= 0 {
        ids.append(Int(symbol.id))
      } else if let byteIDs {
        ids += text[symbol.range].map { byteIDs[Int($0)] }
      } else if let unknown, !isAfterUnknown {
        ids.append(unknown)
      }
      isAfterUnknown = symbol.id < 0
    }
  }
}
