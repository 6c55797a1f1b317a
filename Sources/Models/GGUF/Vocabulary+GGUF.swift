// SPDX-License-Identifier: Apache-2.0

package import Checkpoints
package import Tokenizers

extension Vocabulary {
  /// Reads the `tokenizer.ggml.*` keys of a GGUF.
  ///
  /// - Throws: ``TokenizerError`` if the tokens are missing, or of a kind that is not read.
  package init(metadata: GGUFMetadata, source: String) throws(TokenizerError) {
    func key(_ name: String) -> GGUFValue? { metadata["tokenizer.ggml." + name] }
    guard let name = key("model")?.string, let pieces = key("tokens")?.strings else {
      throw .malformed(
        source: source, reason: "tokenizer.ggml.tokens: expected a vocabulary, found none")
    }
    guard let model = Model(rawValue: name), model.isInGGUF else {
      throw .unsupported(
        source: source, feature: "the tokenizer '\(name)' (tokenizer.ggml.model)",
        remedy: "use a model with 'llama', 'gpt2', 'gemma4', 't5', 'bert', 'rwkv' or 'plamo2'")
    }
    var kinds = [Kind](repeating: .normal, count: pieces.count)
    if let types = key("token_type")?.integers {
      kinds = types.map { Int32(exactly: $0).flatMap(Kind.init(rawValue:)) ?? .normal }
    }
    self.init(model: model, pieces: pieces, kinds: kinds)
    scores = key("scores")?.numbers?.map(Float.init) ?? []
    merges = key("merges")?.strings ?? []
    preTokenizer = key("pre")?.string
    // BERT's sequences begin and end with tokens of other names (the misspelling is GGUF's).
    beginningOfSequence = (key("bos_token_id") ?? key("cls_token_id"))?.integer
    endOfSequence = (key("eos_token_id") ?? key("seperator_token_id"))?.integer
    endOfTurn = key("eot_token_id")?.integer
    unknown = key("unknown_token_id")?.integer
    padding = key("padding_token_id")?.integer
    mask = key("mask_token_id")?.integer
    // What llama.cpp does for files that say nothing.
    // Files of Gemma 4 that say no are known, and corrected.
    addsBeginningOfSequence =
      model == .characterBPE
      || key("add_bos_token")?.bool ?? (model == .sentencePiece || model == .wordPiece)
    addsEndOfSequence =
      (key("add_eos_token") ?? key("add_sep_token"))?.bool
      ?? (model == .unigram || model == .wordPiece)
    lowercases = key("normalizer.lowercase")?.bool ?? (model == .wordPiece)
    stripsAccents = key("normalizer.strip_accents")?.bool ?? (model == .wordPiece)
    addsSpacePrefix = key("add_space_prefix")?.bool ?? (model == .sentencePiece)
    removesExtraSpaces = key("remove_extra_whitespaces")?.bool ?? false
    characterMap =
      key("precompiled_charsmap")?.integers?.map { UInt8(truncatingIfNeeded: $0) } ?? []
    chatTemplate = metadata["tokenizer.chat_template"]?.string
  }

  /// The vocabulary with unused pieces `[PADn]` at its end.
  ///
  /// Tables of embeddings are often larger than the vocabulary; engines want a piece for each row.
  ///
  /// - Parameter count: How many pieces there shall be; more stay as they are.
  /// - Returns: At least so many pieces.
  package func padded(to count: Int) -> Vocabulary {
    var result = self
    for id in pieces.count..<max(pieces.count, count) {
      result.pieces.append("[PAD\(id)]")
      result.kinds.append(.unused)
      // Below every score in use.
      if model.hasScores { result.scores.append(-1e6) }
    }
    return result
  }

  /// The `tokenizer.*` keys of a GGUF.
  package var metadata: GGUFMetadata {
    var metadata = GGUFMetadata()
    func set(_ name: String, _ value: GGUFValue?) { metadata["tokenizer.ggml." + name] = value }
    func id(_ value: Int?) -> GGUFValue? {
      value.flatMap { UInt32(exactly: $0) }.map(GGUFValue.uint32)
    }
    set("model", .string(model.rawValue))
    // llama.cpp needs a name; "default" cuts words as GPT-2 does, and says so in its log.
    set("pre", .string(preTokenizer ?? "default"))
    set("tokens", .array(GGUFArray(pieces)))
    if !scores.isEmpty { set("scores", .array(GGUFArray(scores))) }
    set("token_type", .array(GGUFArray(kinds.map(\.rawValue))))
    if model.hasMerges { set("merges", .array(GGUFArray(merges))) }
    set("bos_token_id", id(beginningOfSequence))
    if model == .wordPiece {
      set("cls_token_id", id(beginningOfSequence))
      set("seperator_token_id", id(endOfSequence))
      set("normalizer.lowercase", .bool(lowercases))
      set("normalizer.strip_accents", .bool(stripsAccents))
    } else {
      set("eos_token_id", id(endOfSequence))
    }
    set("eot_token_id", id(endOfTurn))
    set("unknown_token_id", id(unknown))
    set("padding_token_id", id(padding))
    set("mask_token_id", id(mask))
    set("add_bos_token", .bool(addsBeginningOfSequence))
    set("add_eos_token", .bool(addsEndOfSequence))
    if model == .wordPiece { set("add_sep_token", .bool(addsEndOfSequence)) }
    if model.hasScores || model == .characterBPE {
      set("add_space_prefix", .bool(addsSpacePrefix))
    }
    if removesExtraSpaces { set("remove_extra_whitespaces", .bool(true)) }
    if !characterMap.isEmpty { set("precompiled_charsmap", .array(GGUFArray(characterMap))) }
    if let chatTemplate { metadata["tokenizer.chat_template"] = .string(chatTemplate) }
    return metadata
  }
}
