// SPDX-License-Identifier: Apache-2.0

/// Turns text into token ids and back.
///
/// Text is UTF-8. Bytes that are none become U+FFFD, one for each maximal ill-formed part, as in
/// Python's `errors="replace"` and Rust's `from_utf8_lossy`.
package protocol Tokenizer: Sendable {
  var vocabulary: Vocabulary { get }

  /// Tokenizes a text, without beginning or end of sequence.
  ///
  /// - Parameters:
  ///   - text: UTF-8 bytes.
  ///   - parsingSpecial: Whether control pieces spelled out in the text (`<|im_end|>`) become their
  ///     ids. Leave it off for text from users. User-defined pieces are always recognised.
  /// - Returns: Ids in the order of the text.
  /// - Throws: ``TokenizerError/tooCostly(source:pattern:place:)`` where a pattern of a tokenizer's
  ///   file takes too many steps.
  /// - Complexity: O(n log n) in the length of the text.
  func encode(_ text: [UInt8], parsingSpecial: Bool) throws(TokenizerError) -> [Int]

  /// The bytes of one id in the middle of a text, for output that streams. Empty for an id outside
  /// the vocabulary.
  func bytes(of id: Int) -> [UInt8]

  /// Text of token ids; not always valid UTF-8, since a token may be part of a character.
  ///
  /// With `skippingSpecial`, control pieces and the unknown piece are left out.
  func decode(_ ids: some Sequence<Int>, skippingSpecial: Bool) -> [UInt8]

  /// The id of a piece as it is spelled in the vocabulary.
  func id(of piece: String) -> Int?
}

extension Tokenizer {
  package func encode(
    _ text: String, parsingSpecial: Bool = false
  ) throws(TokenizerError) -> [Int] {
    try encode(Array(text.utf8), parsingSpecial: parsingSpecial)
  }

  /// Tokenizes a whole sequence: with its beginning and end where the vocabulary says so.
  package func encodeSequence(
    _ text: String, parsingSpecial: Bool = false
  ) throws(TokenizerError) -> [Int] {
    try beginning + encode(text, parsingSpecial: parsingSpecial) + end
  }

  /// What a sequence starts with: the beginning-of-sequence id, other ids, or nothing.
  package var beginning: [Int] {
    guard vocabulary.addsBeginningOfSequence else { return [] }
    return vocabulary.opening.isEmpty
      ? [vocabulary.beginningOfSequence].compactMap(\.self) : vocabulary.opening
  }

  /// What a finished sequence ends with: the end-of-sequence id, other ids, or nothing.
  package var end: [Int] {
    guard vocabulary.addsEndOfSequence else { return [] }
    return vocabulary.closing.isEmpty
      ? [vocabulary.endOfSequence].compactMap(\.self) : vocabulary.closing
  }

  /// Text of token ids, with U+FFFD for what is no UTF-8.
  package func text(of ids: some Sequence<Int>, skippingSpecial: Bool = true) -> String {
    String(decoding: decode(ids, skippingSpecial: skippingSpecial), as: UTF8.self)
  }
}

/// Makes the tokenizer that a vocabulary describes, such as one from GGUF metadata.
///
/// - Parameters:
///   - vocabulary: Checked here.
///   - source: The file, for messages.
/// - Returns: A tokenizer whose ``Tokenizer/vocabulary`` is this one.
/// - Throws: ``TokenizerError`` for arrays of unequal length, ids outside, merges of unknown
///   pieces, or a pre-tokenizer that is not implemented.
package func makeTokenizer(
  _ vocabulary: Vocabulary, source: String = "tokenizer"
) throws(TokenizerError) -> any Tokenizer {
  try vocabulary.validate(source: source)
  switch vocabulary.model {
  case .sentencePiece, .unigram: return try SentencePieceTokenizer(vocabulary, source: source)
  case .byteLevelBPE:
    let pipeline = try Pipeline(named: vocabulary.preTokenizer, of: vocabulary, source: source)
    let model = try BytePairModel(
      vocabulary, ignoresMerges: pipeline.ignoresMerges, source: source)
    return try PipelineTokenizer(
      vocabulary, pipeline: pipeline, model: model, decoder: PieceDecoder(spelling: .bytes))
  case .characterBPE:
    let model = try BytePairModel(
      vocabulary, alphabet: .characters(fallsBackToBytes: true, fusesUnknown: true),
      ignoresMerges: false, unknown: vocabulary.unknown, source: source)
    let prefix = vocabulary.addsSpacePrefix ? Pipeline.Prefix.first : .never
    return try PipelineTokenizer(
      vocabulary, pipeline: Pipeline(steps: [.metaspace(prefix: prefix, splits: false)]),
      model: model, decoder: PieceDecoder(spelling: .characters))
  case .wordPiece:
    return try PipelineTokenizer(
      vocabulary, pipeline: .bert(vocabulary, source: source),
      model: WordPieceModel(vocabulary, unknown: vocabulary.unknown),
      decoder: PieceDecoder(spelling: .words, strippedSpaces: 1, joinsPunctuation: true))
  case .longestPiece:
    return try PipelineTokenizer(
      vocabulary, pipeline: Pipeline(), model: LongestPieceModel(vocabulary),
      decoder: PieceDecoder(spelling: .escapes))
  case .characterUnigram:
    return try PipelineTokenizer(
      vocabulary, pipeline: Pipeline(),
      model: try CharacterUnigramModel(vocabulary, source: source),
      decoder: PieceDecoder(spelling: .plain))
  case .wordLevel:
    throw .unsupported(
      source: source, feature: "a vocabulary of whole words without its tokenizer.json",
      remedy: "convert from the original model")
  }
}
