// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Notation

/// Reads `tokenizer.json`, the file of Hugging Face's tokenizers, with a model of type BPE.
///
/// Source: Formats/tokenizers.md.
struct TokenizerJSON {
  let path: String
  let root: JSON
  let model: JSON

  init(_ file: MappedFile) throws(TokenizerError) {
    path = file.path
    root = try TokenizerFiles.json(of: file)
    guard let model = root["model"], model.object != nil else {
      throw .malformed(source: path, reason: "expected an object 'model'")
    }
    self.model = model
    let type = model["type"]?.string ?? (model["merges"] == nil ? "none" : "BPE")
    guard type == "BPE" else {
      throw unsupported("a model of type '\(type)'", remedy: "use a tokenizer of type BPE")
    }
    for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
      guard (model[key]?.string ?? "").isEmpty else {
        throw unsupported("'\(key)'", remedy: "use a tokenizer without it")
      }
    }
  }

  func unsupported(_ feature: String, remedy: String) -> TokenizerError {
    .unsupported(source: path, feature: feature, remedy: remedy)
  }

  func malformed(_ reason: String) -> TokenizerError { .malformed(source: path, reason: reason) }

  /// The tokenizer, with settings of the files beside it.
  func tokenizer(_ settings: TokenizerSettings) throws(TokenizerError) -> any Tokenizer {
    let stages = try PipelineReader(path: path).read(root)
    let isByteLevel = stages.isByteLevel
    let added = try addedTokens(settings)
    var vocabulary = try self.vocabulary(added: added, isByteLevel: isByteLevel)
    var pipeline = stages.pipeline
    pipeline.ignoresMerges = model["ignore_merges"]?.bool ?? false
    let pairs = try self.pairs()
    vocabulary.merges = pairs.map { Self.spelling($0) + " " + Self.spelling($1) }
    vocabulary.preTokenizer = isByteLevel ? pipeline.preTokenizerName : "default"
    vocabulary.addsSpacePrefix = stages.addsSpacePrefix
    let marks = sequenceMarks(added)
    vocabulary.addsBeginningOfSequence = marks.first != nil
    vocabulary.addsEndOfSequence = marks.last != nil
    vocabulary.beginningOfSequence = marks.first
    vocabulary.endOfSequence = marks.last
    settings.apply(to: &vocabulary)
    try vocabulary.validate(source: path)
    return try BytePairTokenizer(
      vocabulary, pipeline: pipeline,
      alphabet: isByteLevel
        ? .bytes
        : .characters(
          fallsBackToBytes: model["byte_fallback"]?.bool ?? false,
          fusesUnknown: model["fuse_unk"]?.bool ?? false),
      unknown: model["unk_token"]?.string.flatMap { model["vocab"]?[$0]?.integer },
      added: added, pairs: pairs, strippedSpaces: stages.strippedSpaces, source: path)
  }

  /// GGUF separates a pair by a space, so a space inside a piece is written as its letter `Ġ`.
  private static func spelling(_ piece: String) -> String {
    guard piece.utf8.contains(0x20) else { return piece }
    return String(String.UnicodeScalarView(piece.unicodeScalars.map { $0 == " " ? "Ġ" : $0 }))
  }

  private func vocabulary(
    added: [AddedToken], isByteLevel: Bool
  ) throws(TokenizerError) -> Vocabulary {
    guard let entries = model["vocab"]?.object else {
      throw malformed("model: expected an object 'vocab'")
    }
    let numbers = entries.map { $0.value.integer ?? -1 } + added.map(\.id)
    // A few ids may be unused, but no file makes us allocate more than it holds.
    let limit = 2 * numbers.count + 65536
    guard let last = numbers.max(), let first = numbers.min(), first >= 0, last < limit else {
      throw malformed("vocab: expected ids from 0 to less than \(limit)")
    }
    var pieces = [String?](repeating: nil, count: last + 1)
    var kinds = [Vocabulary.Kind](repeating: .unused, count: last + 1)
    let fallsBack = !isByteLevel && model["byte_fallback"]?.bool == true
    for (piece, number) in entries {
      guard let id = number.integer else { continue }
      pieces[id] = piece
      kinds[id] = fallsBack && BytePiece.byte(of: piece) != nil ? .byte : .normal
    }
    for token in added {
      pieces[token.id] = String(decoding: token.content, as: UTF8.self)
      kinds[token.id] = token.isSpecial ? .control : .userDefined
    }
    var vocabulary = Vocabulary(
      model: isByteLevel ? .byteLevelBPE : .sentencePiece,
      pieces: pieces.enumerated().map { $1 ?? "[PAD\($0)]" }, kinds: kinds)
    if let unknown = model["unk_token"]?.string, let id = entries[unknown]?.integer {
      vocabulary.unknown = id
      if !isByteLevel { vocabulary.kinds[id] = .unknown }
    }
    // The file has no scores, but merges come in the order of ids.
    if !isByteLevel { vocabulary.scores = pieces.indices.map { -Float($0) } }
    return vocabulary
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
    return tokens + settings.addedTokens.filter { !known.contains($0.id) }
  }

  private func pairs() throws(TokenizerError) -> [(String, String)] {
    var pairs: [(String, String)] = []
    for (rank, merge) in (model["merges"]?.array ?? []).enumerated() {
      if let text = merge.string, let cut = text.utf8.dropFirst().firstIndex(of: 0x20) {
        pairs.append((String(text[..<cut]), String(text[text.utf8.index(after: cut)...])))
      } else if let pair = merge.array, pair.count == 2, let left = pair[0].string,
        let right = pair[1].string
      {
        pairs.append((left, right))
      } else {
        throw malformed("merge \(rank): expected two pieces")
      }
    }
    return pairs
  }

  /// What the post-processor puts around a single sequence.
  private func sequenceMarks(_ added: [AddedToken]) -> (first: Int?, last: Int?) {
    let processor = root["post_processor"] ?? .null
    let all = (processor["processors"]?.array ?? []) + [processor]
    guard let template = all.first(where: { $0["type"]?.string == "TemplateProcessing" }),
      let parts = template["single"]?.array,
      let place = parts.firstIndex(where: { $0["Sequence"] != nil })
    else { return (nil, nil) }
    func id(_ part: JSON?) -> Int? {
      guard let name = part?["SpecialToken"]?["id"]?.string else { return nil }
      let ids = template["special_tokens"]?[name]?["ids"]?.array
      return ids?.first?.integer ?? added.first { $0.content == Array(name.utf8) }?.id
    }
    return (
      place > 0 ? id(parts[place - 1]) : nil,
      place + 1 < parts.count ? id(parts[place + 1]) : nil
    )
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
