// SPDX-License-Identifier: Apache-2.0

import Layers
import Tensors
import Tokenizers

extension Model {
  /// The embedding of what stands between the rows of an image, which engines want beside the encoder; nil
  /// for models where they do not.
  ///
  /// - Source: llama.cpp, `v.token_embd.img_break`: the row of the token in the decoder's table.
  /// - Throws: ``ModelError/input(_:)`` if the break is no token of the model.
  package func rowBreak() throws(ModelError) -> ComputedVector? {
    guard let prompt = architecture.imagePrompt, let text = prompt.rowBreak,
      let name = prompt.rowBreakTensor,
      let table = parameters.first(where: { $0.parameter.role == "language.embedding.table" }),
      let rows = table.parameter.shape.dimensions.first
    else { return nil }
    guard let token = tokenizer.vocabulary.pieces.firstIndex(of: text), token < rows else {
      throw .input(
        "\(path): engines want the embedding of '\(text)', which stands between the rows of an "
          + "image, but it is no token of this model; copy the tokenizer of the original model")
    }
    let weights = try table.matrices(rows: rows, order: .model)
    return weights.first.map {
      ComputedVector(
        name: name, values: $0.slice(token..<token + 1).values(),
        origin: "a row of the decoder's embeddings")
    }
  }
}
