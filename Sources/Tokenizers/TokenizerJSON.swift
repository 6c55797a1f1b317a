// SPDX-License-Identifier: Apache-2.0

import Notation

/// Reads `tokenizer.json`, the file of Hugging Face's tokenizers.
///
/// Source: Formats/tokenizers.md.
struct TokenizerJSON {
  /// The kinds of model that are read.
  enum ModelType: String {
    case bytePair = "BPE"
    case unigram = "Unigram"
    case wordPiece = "WordPiece"
    case wordLevel = "WordLevel"
  }

  let path: String
  let root: JSON
  let model: JSON
  private let type: ModelType

  /// Reads a value.
  ///
  /// - Parameters:
  ///   - root: That of the file.
  ///   - path: The file, for messages.
  /// - Throws: ``TokenizerError`` without a model of a kind that is read.
  init(_ root: JSON, path: String) throws(TokenizerError) {
    self.path = path
    self.root = root
    guard let model = root["model"], model.object != nil else {
      throw .malformed(source: path, reason: "expected an object 'model'")
    }
    self.model = model
    // Files of before 2020 do not name the type.
    let isPrefixed = model["continuing_subword_prefix"]?.string?.isEmpty == false
    let isNamed = model["vocab"]?.object != nil
    let guess =
      model["merges"] != nil
      ? "BPE"
      : model["vocab"]?.array != nil
        ? "Unigram"
        : isPrefixed ? "WordPiece" : isNamed ? "WordLevel" : "none"
    let name = model["type"]?.string ?? guess
    guard let type = ModelType(rawValue: name) else {
      throw .unsupported(
        source: path, feature: "a model of type '\(name)'",
        remedy: "use a tokenizer of type BPE, Unigram, WordPiece or WordLevel")
    }
    self.type = type
  }

  func malformed(_ reason: String) -> TokenizerError { .malformed(source: path, reason: reason) }

  /// The tokenizer, with settings of the files beside it.
  func tokenizer(_ settings: TokenizerSettings) throws(TokenizerError) -> any Tokenizer {
    let stages = try PipelineReader(path: path, normalizer: settings.bertNormalizer).read(root)
    let added = try addedTokens(settings)
    let marks = try SequenceMarks(root["post_processor"] ?? .null, path: path)
    let parts =
      switch type {
      case .bytePair: try bytePairParts(stages, added: added)
      case .unigram: try unigramParts(stages, added: added)
      case .wordPiece: try wordPieceParts(stages, added: added)
      case .wordLevel: try wordLevelParts(stages, added: added)
      }
    var vocabulary = parts.vocabulary
    settings.apply(to: &vocabulary, marks: marks)
    try vocabulary.validate(source: path)
    return try PipelineTokenizer(
      vocabulary, pipeline: stages.pipeline, model: parts.model(vocabulary),
      decoder: PieceDecoder(
        spelling: parts.spelling,
        strippedSpaces: parts.spelling == .wholeWords ? 1 : stages.strippedSpaces,
        joinsPunctuation: stages.joinsPunctuation),
      added: added)
  }

  /// What a type of model makes of the file.
  struct Parts {
    var vocabulary: Vocabulary
    var spelling: PieceDecoder.Spelling
    /// Makes the model of the vocabulary, once that is complete and checked.
    var model: (Vocabulary) throws(TokenizerError) -> any WordModel
  }

  /// A vocabulary of numbered pieces and added tokens.
  ///
  /// `spell` says how an ordinary piece is spelled in a ``Vocabulary``, and what it is for.
  func vocabulary(
    _ model: Vocabulary.Model, _ entries: [(piece: String, id: Int)], added: [AddedToken],
    unknown: Int?, spell: (String) -> (String, Vocabulary.Kind) = { ($0, .normal) }
  ) throws(TokenizerError) -> Vocabulary {
    let numbers = entries.map(\.id) + added.map(\.id)
    // A few ids may be unused, but no file makes us allocate more than it holds.
    let limit = 2 * numbers.count + 65536
    guard let last = numbers.max(), let first = numbers.min(), first >= 0, last < limit else {
      throw malformed("vocab: expected ids from 0 to less than \(limit)")
    }
    var pieces = [String?](repeating: nil, count: last + 1)
    var kinds = [Vocabulary.Kind](repeating: .unused, count: last + 1)
    for (piece, id) in entries { (pieces[id], kinds[id]) = spell(piece) }
    for token in added {
      pieces[token.id] = String(decoding: token.content, as: UTF8.self)
      kinds[token.id] = token.isSpecial ? .control : .userDefined
    }
    var vocabulary = Vocabulary(
      model: model, pieces: pieces.enumerated().map { $1 ?? "[PAD\($0)]" }, kinds: kinds)
    if let unknown, kinds.indices.contains(unknown) {
      vocabulary.unknown = unknown
      if model != .byteLevelBPE { vocabulary.kinds[unknown] = .unknown }
    }
    return vocabulary
  }

  /// The pieces of a `vocab` that is an object, with their ids.
  func entries() throws(TokenizerError) -> [(piece: String, id: Int)] {
    guard let entries = model["vocab"]?.object else {
      throw malformed("model: expected an object 'vocab'")
    }
    return entries.map { (piece: $0.key, id: $0.value.integer ?? -1) }
  }

  private func addedTokens(
    _ settings: TokenizerSettings
  ) throws(TokenizerError) -> [AddedToken] {
    var tokens: [AddedToken] = []
    for entry in root["added_tokens"]?.array ?? [] {
      guard let id = entry["id"]?.integer, let content = entry["content"]?.string else {
        throw malformed("added_tokens: expected an 'id' and a 'content' in each")
      }
      tokens.append(AddedToken(id: id, content: Array(content.utf8), options: entry))
    }
    let known = Set(tokens.map(\.id))
    tokens += settings.addedTokens.filter { !known.contains($0.id) }
    return tokens + settings.namedTokens(of: model["vocab"], besides: tokens)
  }
}

extension AddedToken {
  /// Reads the flags `special`, `lstrip`, `rstrip`, `single_word` and `normalized` of an object.
  init(id: Int, content: [UInt8], options: JSON) {
    func option(_ key: String) -> Bool { options[key]?.bool ?? false }
    self.init(
      id: id, content: content, isSpecial: option("special"), stripsLeft: option("lstrip"),
      stripsRight: option("rstrip"), isSingleWord: option("single_word"),
      isNormalized: option("normalized"))
  }
}
