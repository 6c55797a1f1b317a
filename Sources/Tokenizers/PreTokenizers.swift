// SPDX-License-Identifier: Apache-2.0

/// The ways to cut text into words that have a name in llama.cpp (`tokenizer.ggml.pre`), as data.
///
/// Each is a list of patterns; the text is cut by the first, the parts by the second, and so on.
/// Source: the `tokenizer.json` of the named models; Formats/tokenizers.md.
enum PreTokenizers {
  struct Entry: Sendable {
    /// llama.cpp's names; the first is the one that is written.
    let names: [String]
    let patterns: [String]
    var ignoresMerges = false
  }

  static let gpt2 =
    #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
  private static let contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
  private static let spaces = #"|\s*[\r\n]+|\s+(?!\S)|\s+"#
  static let llama3 =
    contractions
    + #"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"# + spaces
  static let qwen2 =
    contractions + #"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"# + spaces
  static let qwen35 =
    contractions
    + #"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*"# + spaces
  private static let upper = #"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#
  private static let lower = #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#
  static let gpt4o =
    #"[^\r\n\p{L}\p{N}]?\#(upper)*\#(lower)+\#(contractions)?"#
    + #"|[^\r\n\p{L}\p{N}]?\#(upper)+\#(lower)*\#(contractions)?"#
    + #"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*"# + spaces
  static let tekken =
    #"[^\r\n\p{L}\p{N}]?\#(upper)*\#(lower)+|[^\r\n\p{L}\p{N}]?\#(upper)+\#(lower)*"#
    + #"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*"# + spaces
  /// What llama.cpp does for files that name nothing.
  private static let unnamed = [
    #"[\p{P}\$\+<=>\^~\|]+"#,
    #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)"#,
    #"\p{N}+"#, "[0-9][0-9][0-9]",
  ]
  private static let deepseek = [
    #"\p{N}{1,3}"#, "[一-龥぀-ゟ゠-ヿ]+",
    ##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+"##
      + #"|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*"# + spaces,
  ]

  static let entries: [Entry] = [
    Entry(
      names: ["gpt-2", "phi-2", "mpt", "olmo", "jina-es", "jina-de", "roberta-bpe", "modern-bert"],
      patterns: [gpt2]),
    Entry(
      names: ["llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral-bpe"],
      patterns: [llama3], ignoresMerges: true),
    Entry(names: ["dbrx", "smaug-bpe"], patterns: [llama3]),
    Entry(
      names: ["qwen2", "deepseek-r1-qwen", "stablelm2", "hunyuan", "megrez", "kormo"],
      patterns: [qwen2]),
    Entry(names: ["qwen35"], patterns: [qwen35]),
    Entry(
      names: ["smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b"],
      patterns: [#"\p{N}"#, gpt2]),
    Entry(names: ["gpt-4o", "llama4"], patterns: [gpt4o]),
    Entry(names: ["tekken"], patterns: [tekken], ignoresMerges: true),
    Entry(names: ["deepseek-v3"], patterns: deepseek),
    Entry(names: ["default"], patterns: unnamed),
  ]

  /// The name of a list of patterns, or nil.
  static func name(of patterns: [String], ignoringMerges: Bool) -> String? {
    let fitting = entries.filter { $0.patterns == patterns }
    return (fitting.first { $0.ignoresMerges == ignoringMerges } ?? fitting.first)?.names.first
  }
}

extension Pipeline {
  /// The pipeline that llama.cpp's name stands for; nil means `default`, as for files older than
  /// the key.
  init(named name: String?, of vocabulary: Vocabulary, source: String) throws(TokenizerError) {
    let name = name ?? "default"
    guard let entry = PreTokenizers.entries.first(where: { $0.names.contains(name) }) else {
      let known = PreTokenizers.entries.flatMap(\.names).joined(separator: ", ")
      throw .unsupported(
        source: source, feature: "the pre-tokenizer '\(name)'", remedy: "known are \(known)")
    }
    if vocabulary.addsSpacePrefix { steps.append(.spacePrefix) }
    for pattern in entry.patterns {
      steps.append(.split(try Pattern(pattern, source: source), .isolated, isInverted: false))
    }
    ignoresMerges = entry.ignoresMerges
  }

  /// BERT's way to cut: at white space, and around each punctuation mark.
  static func bertSteps(source: String) throws(TokenizerError) -> [Step] {
    let space = try Pattern(#"\s"#, source: source)
    let punctuation = try Pattern(#"[\p{P}!-/:-@\[-`{-~]"#, source: source)
    return [
      .split(space, .removed, isInverted: false), .split(punctuation, .isolated, isInverted: false),
    ]
  }

  /// The pipeline of a WordPiece vocabulary from a file that has no pipeline of its own.
  static func bert(_ vocabulary: Vocabulary, source: String) throws(TokenizerError) -> Pipeline {
    var pipeline = Pipeline()
    pipeline.normalizers = [
      .bert(
        BertNormalizer(
          stripsAccents: vocabulary.stripsAccents, lowercases: vocabulary.lowercases))
    ]
    pipeline.steps = try bertSteps(source: source)
    return pipeline
  }

  /// llama.cpp's name for the way these steps cut, or nil if it has none.
  var preTokenizerName: String? {
    var patterns: [String] = []
    for step in steps {
      switch step {
      case .split(let pattern, .isolated, isInverted: false): patterns.append(pattern.source)
      case .spacePrefix: break
      default: return nil
      }
    }
    return PreTokenizers.name(of: patterns, ignoringMerges: ignoresMerges)
  }
}
