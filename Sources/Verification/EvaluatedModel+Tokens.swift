// SPDX-License-Identifier: Apache-2.0

import Models
import Tokenizers

extension EvaluatedModel {
  /// Checks that two models speak of the same tokens.
  ///
  /// - Throws: ``ModelError/input(_:)`` with the first token that differs.
  func requireTokens(of reference: EvaluatedModel) throws(ModelError) {
    try requirePieces(
      of: reference, count: max(reference.vocabularySize, vocabularySize))
    guard reference.vocabularySize == vocabularySize else {
      throw .input(
        "\(model.path): it predicts \(vocabularySize) tokens, "
          + "\(reference.model.path) \(reference.vocabularySize); only models of the same tokens "
          + "can be compared")
    }
  }

  /// Checks that the embeddings of two models can be held against each other: of the same tokens, with
  /// as many numbers.
  ///
  /// - Throws: ``ModelError/input(_:)`` with what differs.
  func requireEmbeddings(of reference: EvaluatedModel) throws(ModelError) {
    let counts = [reference, self].map { $0.model.tokenizer.vocabulary.pieces.count }
    try requirePieces(of: reference, count: counts.reduce(0, max))
    let (ours, theirs) = (reference.forward.outputWidth, forward.outputWidth)
    guard ours == theirs else {
      throw .input(
        "\(model.path): its embeddings have \(theirs) numbers, those of \(reference.model.path) "
          + "\(ours); only embeddings of the same width can be compared")
    }
  }

  /// - Parameters:
  ///   - reference: Whose vocabulary it should be.
  ///   - count: Vocabularies are filled up to so many pieces, as some containers do.
  /// - Throws: ``ModelError/input(_:)`` with the first token that differs.
  private func requirePieces(of reference: EvaluatedModel, count: Int) throws(ModelError) {
    let (a, b) = (
      reference.model.tokenizer.vocabulary, model.tokenizer.vocabulary
    )
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
  }
}
