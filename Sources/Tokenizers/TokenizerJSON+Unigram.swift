// SPDX-License-Identifier: Apache-2.0

import Notation

extension TokenizerJSON {
  /// A model of type Unigram: `vocab` is a list of pieces with their scores, `unk_id` the place of
  /// the unknown piece.
  func unigramParts(
    _ stages: PipelineReader.Stages, added: [AddedToken]
  ) throws(TokenizerError) -> Parts {
    var entries: [(piece: String, id: Int)] = []
    var scores: [Double] = []
    for (id, entry) in (model["vocab"]?.array ?? []).enumerated() {
      guard let pair = entry.array, pair.count == 2, let piece = pair[0].string,
        let score = pair[1].number, score.isFinite
      else { throw malformed("vocab: entry \(id): expected a piece and its score") }
      entries.append((piece, id))
      scores.append(score)
    }
    let unknown = model["unk_id"]?.integer
    guard unknown.map(scores.indices.contains) ?? true else {
      throw malformed("unk_id: expected less than \(scores.count), found \(unknown ?? -1)")
    }
    let fallsBack = model["byte_fallback"]?.bool ?? false
    var vocabulary = try self.vocabulary(.unigram, entries, added: added, unknown: unknown) {
      ($0, fallsBack && BytePiece.byte(of: $0) != nil ? .byte : .normal)
    }
    vocabulary.scores = vocabulary.pieces.indices.map { $0 < scores.count ? Float(scores[$0]) : 0 }
    vocabulary.preTokenizer = "default"
    vocabulary.addsSpacePrefix = stages.addsSpacePrefix
    vocabulary.removesExtraSpaces = stages.removesExtraSpaces
    vocabulary.characterMap = stages.characterMap
    return Parts(vocabulary: vocabulary, spelling: .characters) {
      vocabulary throws(TokenizerError) in
      // Added tokens of the file's own vocabulary can be spelled too, but nothing that steers.
      let spelled: [Double?] = vocabulary.pieces.indices.map { id in
        switch vocabulary.kinds[id] {
        case .normal, .userDefined: id < scores.count ? scores[id] : nil
        case .unknown, .control, .unused, .byte: nil
        }
      }
      let spellings = PieceTable(spellingsOf: vocabulary)
      let bytes = (0...255).compactMap {
        spellings.id(of: BytePiece.spelling(of: $0)).map(Int.init)
      }
      return UnigramWordModel(
        model: UnigramModel(
          vocabulary.pieces, scores: spelled, least: scores.min() ?? 0, precision: .double),
        byteIDs: fallsBack && bytes.count == 256 ? bytes : nil, unknown: unknown)
    }
  }
}
