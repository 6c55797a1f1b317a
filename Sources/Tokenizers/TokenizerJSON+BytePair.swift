// SPDX-License-Identifier: Apache-2.0

import Notation

extension TokenizerJSON {
  /// A model of type BPE.
  func bytePairParts(
    _ stages: PipelineReader.Stages, added: [AddedToken]
  ) throws(TokenizerError) -> Parts {
    for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
      guard (model[key]?.string ?? "").isEmpty else {
        throw .unsupported(
          source: path, feature: "'\(key)'", remedy: "use a tokenizer without it")
      }
    }
    let isByteLevel = stages.isByteLevel
    let fallsBack = model["byte_fallback"]?.bool ?? false
    let unknown = model["unk_token"]?.string.flatMap { model["vocab"]?[$0]?.integer }
    var vocabulary = try self.vocabulary(
      isByteLevel ? .byteLevelBPE : .sentencePiece, entries(), added: added, unknown: unknown
    ) { ($0, !isByteLevel && fallsBack && BytePiece.byte(of: $0) != nil ? .byte : .normal) }
    // The file has no scores, but merges come in the order of ids.
    if !isByteLevel { vocabulary.scores = vocabulary.pieces.indices.map { -Float($0) } }
    let pairs = try self.pairs()
    vocabulary.merges = pairs.map { Self.spelling($0) + " " + Self.spelling($1) }
    var pipeline = stages.pipeline
    pipeline.ignoresMerges = model["ignore_merges"]?.bool ?? false
    vocabulary.preTokenizer = isByteLevel ? pipeline.preTokenizerName : "default"
    vocabulary.addsSpacePrefix = stages.addsSpacePrefix
    return Parts(vocabulary: vocabulary, spelling: isByteLevel ? .bytes : .characters) {
      [ignoresMerges = pipeline.ignoresMerges] (vocabulary) throws(TokenizerError) in
      try BytePairModel(
        vocabulary,
        alphabet: isByteLevel
          ? .bytes
          : .characters(
            fallsBackToBytes: fallsBack, fusesUnknown: model["fuse_unk"]?.bool ?? false),
        ignoresMerges: ignoresMerges, unknown: unknown, pairs: pairs, source: path)
    }
  }

  /// GGUF separates a pair by a space, so a space inside a piece is written as its letter `Ġ`.
  private static func spelling(_ piece: String) -> String {
    guard piece.utf8.contains(0x20) else { return piece }
    return String(String.UnicodeScalarView(piece.unicodeScalars.map { $0 == " " ? "Ġ" : $0 }))
  }

  private func pairs() throws(TokenizerError) -> [(String, String)] {
    guard let merges = model["merges"]?.array else {
      throw malformed("model.merges: expected a list of pairs of pieces, found none")
    }
    var pairs: [(String, String)] = []
    for (rank, merge) in merges.enumerated() {
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
}
