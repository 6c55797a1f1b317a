// SPDX-License-Identifier: Apache-2.0

import Notation

extension TokenizerJSON {
  /// A model of type WordPiece.
  func wordPieceParts(
    _ stages: PipelineReader.Stages, added: [AddedToken]
  ) throws(TokenizerError) -> Parts {
    let prefix = model["continuing_subword_prefix"]?.string ?? "##"
    let unknown = model["vocab"]?[model["unk_token"]?.string ?? "[UNK]"]?.integer
    let limit = model["max_input_chars_per_word"]?.integer ?? WordPieceModel.usualLimit
    var vocabulary = try self.vocabulary(.wordPiece, entries(), added: added, unknown: unknown) {
      (WordPieceModel.spelling(of: $0, continuation: prefix), .normal)
    }
    vocabulary.preTokenizer = "default"
    vocabulary.lowercases = stages.lowercases
    vocabulary.stripsAccents = stages.stripsAccents
    return Parts(vocabulary: vocabulary, spelling: .words) { vocabulary throws(TokenizerError) in
      WordPieceModel(vocabulary, unknown: unknown, limit: limit)
    }
  }
}
