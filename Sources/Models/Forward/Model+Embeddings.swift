// SPDX-License-Identifier: Apache-2.0

extension Model {
  /// Whether what comes out is an embedding of each text, and no logits.
  package var givesEmbeddings: Bool {
    architecture.part(.language)?.steps.contains { $0.declaration.block == "output" } == false
  }

  /// - Throws: ``ModelError/input(_:)`` for a model that gives embeddings.
  package func requireLogits() throws(ModelError) {
    guard givesEmbeddings else { return }
    throw .input(
      "\(path): the model gives embeddings of texts, no logits to generate from or to compare; trace "
        + "shows what it computes, verify compares its embeddings")
  }
}
