// SPDX-License-Identifier: Apache-2.0

import Models
import Tokenizers

extension EvaluatedModel {
  /// Checks that two models speak of the same tokens.
  ///
  /// - Throws: ``ModelError/input(_:)`` with the first token that differs.
  func requireTokens(of reference: EvaluatedModel) throws(ModelError) {
    let (a, b) = (
      reference.model.tokenizer.vocabulary, model.tokenizer.vocabulary
    )
    let count = max(reference.vocabularySize, vocabularySize)
    let (ours, theirs) = (a.padded(to: count).pieces, b.padded(to: count).pieces)
    guard ours == theirs else {
      let token = zip(ours, theirs).prefix { $0 == $1 }.count
      func piece(_ pieces: [String]) -> String {
        token < pieces.count ? "'\(pieces[token])'" : "missing"
      }
      throw .input(
        "\(model.path): its vocabulary is not that of \(reference.model.path): token "
          + "\(token) is \(piece(theirs)), expected \(piece(ours)); only models of the same tokens "
          + "can be compared")
    }
    guard reference.vocabularySize == vocabularySize else {
      throw .input(
        "\(model.path): it predicts \(vocabularySize) tokens, "
          + "\(reference.model.path) \(reference.vocabularySize); only models of the same tokens "
          + "can be compared")
    }
  }
}
