// SPDX-License-Identifier: Apache-2.0

import Notation

/// Tokenizers whose vocabulary may lie in files that do not say how text is cut, as data.
///
/// The way to cut follows from the class that Transformers uses, or from the type of the model.
/// Source: the classes of Transformers; Formats/tokenizers.md.
struct TokenizerClass: Sendable {
  /// What the vocabulary lies in.
  enum Files: Sendable { case merges, words }

  let files: Files
  /// The values of `tokenizer_class`, without a `Fast` at the end.
  let names: Set<String>
  /// The values of `model_type` in `config.json` that mean this class, whatever `tokenizer_class`
  /// says.
  var modelTypes: Set<String> = []
  /// The named tokens where no file says them.
  let tokens: [String: String]
  var normalizer: JSON = .null
  /// A pattern that cuts before GPT-2's letters for bytes take the place of text; nil for GPT-2's
  /// own.
  var pattern: String?

  private static let qwenTokens = [
    "unk_token": "<|endoftext|>", "eos_token": "<|endoftext|>", "pad_token": "<|endoftext|>",
  ]

  static let all: [TokenizerClass] = [
    TokenizerClass(
      files: .merges, names: ["GPT2Tokenizer", "CodeGenTokenizer"],
      tokens: [
        "unk_token": "<|endoftext|>", "bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>",
      ]),
    TokenizerClass(
      files: .merges, names: ["Qwen2Tokenizer"],
      modelTypes: [
        "qwen2", "qwen2_moe", "qwen2_vl", "qwen2_5_vl", "qwen3", "qwen3_moe", "qwen3_vl",
        "qwen3_vl_moe", "internvl",
      ],
      tokens: qwenTokens, normalizer: ["type": "NFC"], pattern: PreTokenizers.qwen2),
    TokenizerClass(
      files: .merges, names: ["Qwen3_5Tokenizer"],
      modelTypes: ["qwen3_5", "qwen3_5_text", "qwen3_5_moe", "qwen3_5_moe_text"],
      tokens: qwenTokens, normalizer: ["type": "NFC"], pattern: PreTokenizers.qwen35),
    TokenizerClass(
      files: .words,
      names: ["BertTokenizer", "DistilBertTokenizer", "ElectraTokenizer", "MobileBertTokenizer"],
      tokens: [
        "unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]",
        "mask_token": "[MASK]",
      ]),
  ]

  /// The class of a folder's tokenizer.
  ///
  /// - Parameters:
  ///   - files: What its vocabulary lies in.
  ///   - settings: Those beside it; without a name in them, the first class of these files counts.
  ///   - source: The file, for messages.
  /// - Returns: The class.
  /// - Throws: ``TokenizerError/unsupported(source:feature:remedy:)`` that names a class of which
  ///   nothing is known.
  static func of(
    _ files: Files, _ settings: TokenizerSettings, source: String
  ) throws(TokenizerError) -> TokenizerClass {
    let known = all.filter { $0.files == files }
    if let type = settings.modelType, let own = known.first(where: { $0.modelTypes.contains(type) })
    {
      return own
    }
    let name = settings.tokenizerClass
    guard let own = known.first(where: { $0.isNamed(name) }) else {
      throw .unsupported(
        source: source, feature: "the tokenizer_class '\(name ?? "")' without a tokenizer.json",
        remedy: "save one with Transformers and put it beside the model")
    }
    return own
  }

  /// Whether a class, or none, is one of these files.
  static func isKnown(_ name: String?, of files: Files) -> Bool {
    all.contains { $0.files == files && $0.isNamed(name) }
  }

  private func isNamed(_ name: String?) -> Bool {
    guard let name else { return true }
    return names.contains(name.hasSuffix("Fast") ? String(name.dropLast("Fast".count)) : name)
  }
}
