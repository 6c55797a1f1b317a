// SPDX-License-Identifier: Apache-2.0

/// Everything that a tokenizer needs, in the terms of GGUF's `tokenizer.ggml.*` keys: the common
/// exchange between tokenizer files, GGUF metadata and the tokenizers here.
///
/// Source: Formats/tokenizers.md.
package struct Vocabulary: Sendable, Equatable {
  /// The algorithm, `tokenizer.ggml.model`.
  package enum Model: String, Sendable {
    /// SentencePiece BPE: merges by score.
    case sentencePiece = "llama"
    /// BPE over the GPT-2 byte alphabet: merges by rank.
    case byteLevelBPE = "gpt2"
    /// BPE over characters, with `▁` for spaces and bytes for the rest: merges by rank, as of Gemma 4.
    case characterBPE = "gemma4"
    /// A unigram language model: the pieces with the greatest sum of scores.
    case unigram = "t5"
    /// The longest piece first, word by word.
    case wordPiece = "bert"
    /// The longest piece at each place, of any bytes, which are escaped.
    case longestPiece = "rwkv"
    /// The pieces with the greatest sum of scores, without SentencePiece's spaces.
    case characterUnigram = "plamo2"
    /// Whole words. No engine that reads GGUF knows it.
    case wordLevel = "word-level"

    /// Whether pieces have scores.
    package var hasScores: Bool {
      self == .sentencePiece || self == .unigram || self == .characterUnigram
    }

    /// Whether pieces are put together by merges that a GGUF names.
    package var hasMerges: Bool { self == .byteLevelBPE || self == .characterBPE }

    /// Whether GGUF has a name for it.
    package var isInGGUF: Bool { self != .wordLevel }
  }

  /// What a piece is for, `tokenizer.ggml.token_type`.
  package enum Kind: Int32, Sendable {
    case normal = 1
    case unknown = 2
    case control = 3
    case userDefined = 4
    case unused = 5
    case byte = 6
  }

  package var model: Model
  /// The pieces in the order of their ids: `▁the` and `<0x0A>` for SentencePiece and unigram
  /// models, letters of ``ByteAlphabet`` for byte-level BPE, `▁word` and `ing` for WordPiece,
  /// plain text for control and user-defined pieces.
  package var pieces: [String]
  /// As many as pieces.
  package var kinds: [Kind]
  /// As many as pieces for SentencePiece and unigram models, else none.
  package var scores: [Float] = []
  /// Pairs of pieces with one space between, most urgent first; for BPE by rank only.
  package var merges: [String] = []
  /// llama.cpp's name of the way text is cut into words, such as `gpt-2`, `llama-bpe` or `qwen2`;
  /// nil if unknown to llama.cpp.
  package var preTokenizer: String?

  package var beginningOfSequence: Int?
  package var endOfSequence: Int?
  package var endOfTurn: Int?
  package var unknown: Int?
  package var padding: Int?
  package var mask: Int?
  package var addsBeginningOfSequence = false
  package var addsEndOfSequence = false
  /// What begins a sequence, and what ends it, where that is not the one piece named above; else
  /// none.
  ///
  /// GGUF cannot say it.
  package var opening: [Int] = []
  package var closing: [Int] = []
  /// Whether a text gets a space in front before it is cut.
  package var addsSpacePrefix = false
  /// Whether spaces at both ends go, and runs of spaces become one (SentencePiece).
  package var removesExtraSpaces = false
  /// Whether capitals become small letters, and marks on letters go (WordPiece).
  package var lowercases = false
  package var stripsAccents = false
  /// SentencePiece's compiled normalization rules; empty for the identity.
  package var characterMap: [UInt8] = []
  /// A Jinja template that turns messages into a prompt.
  package var chatTemplate: String?

  package init(model: Model, pieces: [String], kinds: [Kind]) {
    self.model = model
    self.pieces = pieces
    self.kinds = kinds
  }
}

extension Vocabulary {
  /// Checks that arrays have equal lengths and ids lie inside.
  func validate(source: String) throws(TokenizerError) {
    func require(_ condition: Bool, _ reason: @autoclosure () -> String) throws(TokenizerError) {
      guard condition else {
        throw TokenizerError.malformed(source: source, reason: "vocabulary: " + reason())
      }
    }
    try require(!pieces.isEmpty, "expected pieces, found none")
    try require(pieces.count <= Int(Int32.max), "found \(pieces.count) pieces")
    try require(
      kinds.count == pieces.count, "expected \(pieces.count) kinds, found \(kinds.count)")
    try require(
      scores.count == pieces.count || scores.isEmpty && !model.hasScores,
      "expected \(pieces.count) scores, found \(scores.count)")
    try require(!scores.contains(where: \.isNaN), "expected numbers as scores, found NaN")
    let named = [
      ("beginning of sequence", beginningOfSequence), ("end of sequence", endOfSequence),
      ("end of turn", endOfTurn), ("unknown", unknown), ("padding", padding),
      ("mask", mask),
    ]
    let marks =
      opening.map { ("the beginning of sequences", Int?($0)) }
      + closing.map { ("the end of sequences", Int?($0)) }
    for (name, id) in named + marks {
      guard let id else { continue }
      try require(
        pieces.indices.contains(id),
        "the id \(id) of \(name): expected less than \(pieces.count)")
    }
  }
}
