// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Notation

/// What the small files beside a tokenizer say: `tokenizer_config.json`,
/// `special_tokens_map.json`, `added_tokens.json` and the chat template.
struct TokenizerSettings {
  /// `tokenizer_config.json`, or null.
  private let settings: JSON
  /// `special_tokens_map.json`, or null.
  private let specialTokens: JSON
  let addedTokens: [AddedToken]
  private let chatTemplate: String?

  /// What `config.json` calls the model's type.
  let modelType: String?
  /// The named tokens, such as `eos_token`, where no file says them.
  var usualTokens: [String: String] = [:]

  /// The class that Transformers would use, such as `Qwen2Tokenizer`.
  var tokenizerClass: String? { settings["tokenizer_class"]?.string }

  /// A member of `tokenizer_config.json`.
  subscript(key: String) -> JSON? { settings[key] }

  init(folder: String) throws(TokenizerError) {
    settings = try Self.json(folder + "/tokenizer_config.json") ?? .null
    specialTokens = try Self.json(folder + "/special_tokens_map.json") ?? .null
    modelType = try Self.json(folder + "/config.json")?["model_type"]?.string
    var tokens: [AddedToken] = []
    for (key, entry) in settings["added_tokens_decoder"]?.object ?? .init() {
      guard let id = Int(key), id >= 0, let content = entry["content"]?.string else {
        throw .malformed(
          source: folder + "/tokenizer_config.json",
          reason: "added_tokens_decoder: '\(key)': expected an id and a 'content'")
      }
      tokens.append(AddedToken(id: id, content: Array(content.utf8), options: entry))
    }
    let known = Set(tokens.map(\.id))
    let names = Set(Self.names(settings, specialTokens).map { ExactName($0) })
    for (content, number) in try Self.json(folder + "/added_tokens.json")?.object ?? .init() {
      guard let id = number.integer, id >= 0 else {
        throw .malformed(
          source: folder + "/added_tokens.json", reason: "'\(content)': expected an id")
      }
      if known.contains(id) { continue }
      let isSpecial = names.contains(ExactName(content))
      tokens.append(
        AddedToken(
          id: id, content: Array(content.utf8), isSpecial: isSpecial, isNormalized: !isSpecial))
    }
    addedTokens = tokens.sorted { $0.id < $1.id }
    chatTemplate = try Self.chatTemplate(folder: folder, settings)
  }

  private static let keys = [
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
  ]

  /// What a named token such as `eos_token` is.
  func token(_ key: String) -> String? {
    Self.token(key, settings, specialTokens) ?? (settings[key] == nil ? usualTokens[key] : nil)
  }

  private static func token(_ key: String, _ settings: JSON, _ specialTokens: JSON) -> String? {
    let value = settings[key].flatMap { $0.isNull ? nil : $0 } ?? specialTokens[key]
    return value?.string ?? value?["content"]?.string
  }

  /// What the files name of tokens that are no text.
  private static func names(_ settings: JSON, _ specialTokens: JSON) -> [String] {
    let lists = ["additional_special_tokens", "extra_special_tokens"].flatMap {
      (settings[$0] ?? specialTokens[$0])?.array ?? []
    }
    return keys.compactMap { token($0, settings, specialTokens) }
      + lists.compactMap { $0.string ?? $0["content"]?.string }
  }

  /// The tokens of a vocabulary that have a name, and are no text, where no file has a list of
  /// them.
  ///
  /// - Parameters:
  ///   - vocabulary: Pieces with their ids.
  ///   - added: Those that are known.
  /// - Returns: Those that are not known yet.
  func namedTokens(of vocabulary: JSON?, besides added: [AddedToken]) -> [AddedToken] {
    var known = Set(added.map(\.id))
    let names = Self.keys.compactMap { token($0) } + Self.names(settings, specialTokens)
    return names.compactMap { name in
      guard let id = vocabulary?[name]?.integer, known.insert(id).inserted else { return nil }
      return AddedToken(id: id, content: Array(name.utf8), isSpecial: true)
    }
  }

  /// What `tokenizer_config.json` says of BERT's normalizer; nil where it says nothing.
  ///
  /// BERT's class prefers it to that of a `tokenizer.json`.
  var bertNormalizer: JSON? {
    let names = [
      "do_lower_case": "lowercase", "strip_accents": "strip_accents",
      "tokenize_chinese_chars": "handle_chinese_chars",
    ]
    guard TokenizerClass.isKnown(tokenizerClass, of: .words),
      names.keys.contains(where: { settings[$0]?.bool != nil })
    else { return nil }
    var result = JSON.Object(["type": "BertNormalizer"])
    for (key, name) in names { result[name] = settings[key] }
    return .object(result)
  }

  /// Enters what stands around a text, ids of the named tokens, flags and the template.
  ///
  /// A flag for a piece before or after texts takes the place of what a `tokenizer.json` puts
  /// there.
  func apply(to vocabulary: inout Vocabulary, marks: SequenceMarks) {
    vocabulary.addsBeginningOfSequence = !marks.before.isEmpty
    vocabulary.addsEndOfSequence = !marks.after.isEmpty
    vocabulary.beginningOfSequence = marks.before.first
    vocabulary.endOfSequence = marks.after.first
    apply(to: &vocabulary)
    if settings["add_bos_token"]?.bool == nil,
      marks.before.count > 1
        || marks.before.first != vocabulary.beginningOfSequence
    {
      vocabulary.opening = marks.before
    }
    if settings["add_eos_token"]?.bool == nil,
      marks.after.count > 1
        || marks.after.first != vocabulary.endOfSequence
    {
      vocabulary.closing = marks.after
    }
  }

  /// Enters ids of the named tokens, flags and the template; what no file names stays.
  func apply(to vocabulary: inout Vocabulary) {
    func id(_ key: String) -> Int? {
      guard let content = token(key) else { return nil }
      let bytes = Array(content.utf8)
      return vocabulary.pieces.firstIndex { $0.utf8.elementsEqual(bytes) }
    }
    vocabulary.beginningOfSequence =
      id("bos_token") ?? id("cls_token") ?? vocabulary.beginningOfSequence
    vocabulary.endOfSequence = id("eos_token") ?? id("sep_token") ?? vocabulary.endOfSequence
    vocabulary.unknown = vocabulary.unknown ?? id("unk_token")
    vocabulary.padding = id("pad_token") ?? vocabulary.padding
    vocabulary.mask = id("mask_token") ?? vocabulary.mask
    if let adds = settings["add_bos_token"]?.bool { vocabulary.addsBeginningOfSequence = adds }
    if let adds = settings["add_eos_token"]?.bool { vocabulary.addsEndOfSequence = adds }
    vocabulary.addsBeginningOfSequence =
      vocabulary.addsBeginningOfSequence && vocabulary.beginningOfSequence != nil
    vocabulary.addsEndOfSequence =
      vocabulary.addsEndOfSequence && vocabulary.endOfSequence != nil
    vocabulary.chatTemplate = chatTemplate ?? vocabulary.chatTemplate
  }

  /// Extends a vocabulary by the added tokens, as a SentencePiece model needs it.
  func addTokens(to vocabulary: inout Vocabulary, source: String) throws(TokenizerError) {
    let limit = vocabulary.pieces.count + 2 * addedTokens.count + 65536
    for token in addedTokens {
      guard token.id < limit else {
        throw .malformed(
          source: source, reason: "added token \(token.id): expected an id below \(limit)")
      }
      while vocabulary.pieces.count <= token.id {
        vocabulary.pieces.append("[PAD\(vocabulary.pieces.count)]")
        vocabulary.kinds.append(.unused)
        // Below every score in use, as for pieces that are never merged to.
        if vocabulary.model.hasScores { vocabulary.scores.append(-1e6) }
      }
      let isUnknown = vocabulary.kinds[token.id] == .unknown
      vocabulary.pieces[token.id] = String(decoding: token.content, as: UTF8.self)
      vocabulary.kinds[token.id] =
        isUnknown ? .unknown : token.isSpecial ? .control : .userDefined
    }
  }

  /// The template named `default`, from the file that Transformers prefers.
  private static func chatTemplate(
    folder: String, _ settings: JSON
  ) throws(TokenizerError) -> String? {
    if let file = try TokenizerFiles.open(folder + "/chat_template.jinja") {
      return try TokenizerFiles.text(of: file)
    }
    let other = try json(folder + "/chat_template.json")?["chat_template"]
    for value in [other, settings["chat_template"]] {
      if let text = value?.string { return text }
      guard let named = value?.array else { continue }
      let chosen = named.first { $0["name"]?.string == "default" } ?? named.first
      if let text = chosen?["template"]?.string { return text }
    }
    return nil
  }

  private static func json(_ path: String) throws(TokenizerError) -> JSON? {
    guard let file = try TokenizerFiles.open(path) else { return nil }
    return try TokenizerFiles.json(of: file)
  }
}
