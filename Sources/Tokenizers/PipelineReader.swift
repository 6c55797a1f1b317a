// SPDX-License-Identifier: Apache-2.0

import Notation

/// Reads the `normalizer`, `pre_tokenizer` and `decoder` of a `tokenizer.json`.
struct PipelineReader {
  let path: String
  /// What counts in the place of a `BertNormalizer`; nil for the file's own.
  var normalizer: JSON?

  struct Stages {
    var pipeline = Pipeline()
    /// Whether pieces spell bytes in ``ByteAlphabet``.
    var isByteLevel = false
    var addsSpacePrefix = false
    /// Whether runs of spaces become one, or none, before a text is cut.
    var removesExtraSpaces = false
    /// SentencePiece's compiled rules, if a normalizer has them.
    var characterMap: [UInt8] = []
    var lowercases = false
    var stripsAccents = false
    /// How many spaces the decoder takes from the front.
    var strippedSpaces = 0
    /// Whether the decoder takes spaces from before punctuation.
    var joinsPunctuation = false
  }

  func read(_ root: JSON) throws(TokenizerError) -> Stages {
    var stages = Stages()
    for normalizer in list(root["normalizer"], of: "normalizers") {
      try read(normalizer: normalizer, into: &stages)
    }
    for step in list(root["pre_tokenizer"], of: "pretokenizers") {
      try read(step: step, into: &stages)
    }
    for decoder in list(root["decoder"], of: "decoders") {
      try read(decoder: decoder, into: &stages)
    }
    return stages
  }

  /// A stage, or the stages of a `Sequence`, however deep.
  private func list(_ stage: JSON?, of key: String) -> [JSON] {
    guard let stage, !stage.isNull else { return [] }
    guard stage["type"]?.string == "Sequence" else { return [stage] }
    return (stage[key]?.array ?? []).flatMap { list($0, of: key) }
  }

  private func read(normalizer: JSON, into stages: inout Stages) throws(TokenizerError) {
    switch normalizer["type"]?.string {
    case "NFC": stages.pipeline.normalizers.append(.composed)
    case "NFD": stages.pipeline.normalizers.append(.decomposed)
    case "NFKC": stages.pipeline.normalizers.append(.compatiblyComposed)
    case "NFKD": stages.pipeline.normalizers.append(.compatiblyDecomposed)
    case "Lowercase":
      stages.pipeline.normalizers.append(.lowercase)
      stages.lowercases = true
    case "StripAccents":
      stages.pipeline.normalizers.append(.removeMarks)
      stages.stripsAccents = true
    case "Nmt": stages.pipeline.normalizers.append(.nmt)
    case "BertNormalizer": read(bert: self.normalizer ?? normalizer, into: &stages)
    case "Precompiled": try read(precompiled: normalizer, into: &stages)
    case "Prepend":
      let prefix = normalizer["prepend"]?.string ?? ""
      stages.pipeline.normalizers.append(.prepend(Array(prefix.utf8)))
      if prefix == "▁" { stages.addsSpacePrefix = true }
    case "Replace":
      stages.pipeline.normalizers.append(
        .replace(
          try pattern(normalizer), with: Array((normalizer["content"]?.string ?? "").utf8)))
      if normalizer["pattern"]?["Regex"]?.string == " {2,}" { stages.removesExtraSpaces = true }
    case "Strip":
      stages.pipeline.normalizers.append(
        .strip(
          left: normalizer["strip_left"]?.bool ?? true,
          right: normalizer["strip_right"]?.bool ?? true))
    case let type:
      throw unsupported("the normalizer", type)
    }
  }

  private func read(bert normalizer: JSON, into stages: inout Stages) {
    let lowercases = normalizer["lowercase"]?.bool ?? true
    let bert = BertNormalizer(
      cleansText: normalizer["clean_text"]?.bool ?? true,
      partsIdeographs: normalizer["handle_chinese_chars"]?.bool ?? true,
      stripsAccents: normalizer["strip_accents"]?.bool ?? lowercases, lowercases: lowercases)
    stages.pipeline.normalizers.append(.bert(bert))
    stages.lowercases = bert.lowercases
    stages.stripsAccents = bert.stripsAccents
  }

  private func read(
    precompiled normalizer: JSON, into stages: inout Stages
  ) throws(TokenizerError) {
    let text = normalizer["precompiled_charsmap"]?.string ?? ""
    guard let bytes = Base64.bytes(of: text) else {
      throw .malformed(source: path, reason: "precompiled_charsmap: expected Base64")
    }
    // Transformers writes the empty map for models without rules.
    guard !bytes.isEmpty else { return }
    stages.pipeline.normalizers.append(.precompiled(try CharacterMap(bytes, source: path)))
    stages.characterMap = bytes
  }

  private func read(step: JSON, into stages: inout Stages) throws(TokenizerError) {
    switch step["type"]?.string {
    case "ByteLevel":
      stages.isByteLevel = true
      if step["add_prefix_space"]?.bool ?? true {
        stages.pipeline.steps.append(.spacePrefix)
        stages.addsSpacePrefix = true
      }
      if step["use_regex"]?.bool ?? true {
        try append(PreTokenizers.gpt2, to: &stages)
      }
    case "Digits":
      let isIndividual = step["individual_digits"]?.bool ?? false
      try append(isIndividual ? #"\p{N}"# : #"\p{N}+"#, to: &stages)
    case "Split":
      let name = step["behavior"]?.string ?? "Isolated"
      guard let behavior = Words.Behavior(rawValue: name) else {
        throw unsupported("the split behavior", name)
      }
      stages.pipeline.steps.append(
        .split(try pattern(step), behavior, isInverted: step["invert"]?.bool ?? false))
    case "Punctuation":
      let name = step["behavior"]?.string ?? "Isolated"
      guard let behavior = Words.Behavior(rawValue: name) else {
        throw unsupported("the split behavior", name)
      }
      stages.pipeline.steps.append(
        .split(try Pattern(#"[\p{P}$+<=>^`|~]"#, source: path), behavior, isInverted: false))
    case "Whitespace":
      stages.pipeline.steps.append(
        .split(try Pattern(Self.wordsOrMarks, source: path), .removed, isInverted: true))
    case "WhitespaceSplit":
      stages.pipeline.steps.append(
        .split(try Pattern(#"\s"#, source: path), .removed, isInverted: false))
      stages.removesExtraSpaces = true
    case "BertPreTokenizer":
      stages.pipeline.steps += try Pipeline.bertSteps(source: path)
    case "Metaspace": try read(metaspace: step, into: &stages)
    case let type:
      throw unsupported("the pre-tokenizer", type)
    }
  }

  /// `\w+|[^\w\s]+`, where `\w` is that of UTS #18.
  private static let wordsOrMarks: String = {
    let word = #"\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}"#
    return #"[\#(word)]+|[^\#(word)\s]+"#
  }()

  private func read(metaspace step: JSON, into stages: inout Stages) throws(TokenizerError) {
    guard step["replacement"]?.string ?? "▁" == "▁" else {
      throw unsupported("the metaspace replacement", step["replacement"]?.string)
    }
    let isPrefixed = step["add_prefix_space"]?.bool ?? true
    let prefix: Pipeline.Prefix
    switch step["prepend_scheme"]?.string ?? (isPrefixed ? "always" : "never") {
    case "always": prefix = .always
    case "first": prefix = .first
    case "never": prefix = .never
    case let scheme: throw unsupported("the prepend scheme", scheme)
    }
    stages.addsSpacePrefix = prefix != .never
    stages.pipeline.steps.append(
      .metaspace(prefix: prefix, splits: step["split"]?.bool ?? true))
  }

  private func read(decoder: JSON, into stages: inout Stages) throws(TokenizerError) {
    switch decoder["type"]?.string {
    case "ByteLevel": stages.isByteLevel = true
    case "ByteFallback", "Fuse": break
    case "WordPiece":
      stages.strippedSpaces = 1
      stages.joinsPunctuation = decoder["cleanup"]?.bool ?? true
    case "Replace":
      guard decoder["pattern"]?["String"]?.string == "▁", decoder["content"]?.string == " " else {
        throw unsupported("the decoder", "Replace of something other than '▁' by a space")
      }
    case "Strip":
      guard decoder["content"]?.string == " ", decoder["stop"]?.integer ?? 0 == 0 else {
        throw unsupported("the decoder", "Strip of something other than spaces in front")
      }
      stages.strippedSpaces = min(max(decoder["start"]?.integer ?? 0, 0), 1024)
    case "Metaspace":
      let scheme = decoder["prepend_scheme"]?.string
      let isPrefixed = decoder["add_prefix_space"]?.bool ?? true
      stages.strippedSpaces = scheme.map { $0 != "never" } ?? isPrefixed ? 1 : 0
    case let type:
      throw unsupported("the decoder", type)
    }
  }

  private func append(_ pattern: String, to stages: inout Stages) throws(TokenizerError) {
    stages.pipeline.steps.append(
      .split(try Pattern(pattern, source: path), .isolated, isInverted: false))
  }

  /// The `pattern` of a stage: `{"Regex": ...}` or `{"String": ...}`.
  private func pattern(_ stage: JSON) throws(TokenizerError) -> Pattern {
    if let expression = stage["pattern"]?["Regex"]?.string {
      return try Pattern(expression, source: path)
    }
    guard let literal = stage["pattern"]?["String"]?.string, !literal.isEmpty else {
      throw .malformed(source: path, reason: "pattern: expected a 'Regex' or a 'String'")
    }
    var expression = ""
    for scalar in literal.unicodeScalars {
      let isSyntax = scalar.value < 128 && "\\.+*?()|[]{}^$".unicodeScalars.contains(scalar)
      if isSyntax { expression += "\\" }
      expression.unicodeScalars.append(scalar)
    }
    return try Pattern(expression, source: path)
  }

  private func unsupported(_ what: String, _ name: String?) -> TokenizerError {
    .unsupported(
      source: path, feature: "\(what) '\(name ?? "without a type")'",
      remedy: "use a tokenizer as GPT-2, Llama, Qwen, SmolLM, T5 or BERT have it")
  }
}
