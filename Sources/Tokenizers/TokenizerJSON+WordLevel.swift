// SPDX-License-Identifier: Apache-2.0

import Notation

extension TokenizerJSON {
  /// A model of type WordLevel: a `vocab` of words, and `unk_token` for all others.
  func wordLevelParts(
    _ stages: PipelineReader.Stages, added: [AddedToken]
  ) throws(TokenizerError) -> Parts {
    let entries = try entries()
    let name = model["unk_token"]?.string
    guard let unknown = name.flatMap({ model["vocab"]?[$0]?.integer }) else {
      let found = name.map { "'\($0)', which is none" } ?? "nothing"
      throw malformed("unk_token: expected a piece of the vocabulary, found \(found)")
    }
    let vocabulary = try self.vocabulary(.wordLevel, entries, added: added, unknown: unknown)
    let decoder = root["decoder"].flatMap { $0.isNull ? nil : $0["type"]?.string }
    // Without a decoder, or with one for parts of words, words are parted by spaces.
    let isParted = !stages.isByteLevel && (decoder == nil || decoder == "WordPiece")
    return Parts(
      vocabulary: vocabulary,
      spelling: stages.isByteLevel ? .bytes : isParted ? .wholeWords : .characters
    ) { [isByteLevel = stages.isByteLevel] (vocabulary) throws(TokenizerError) in
      WordLevelModel(vocabulary, unknown: unknown, isByteLevel: isByteLevel)
    }
  }
}
