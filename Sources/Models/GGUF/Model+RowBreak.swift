// SPDX-License-Identifier: Apache-2.0

import Layers
package import Tensors
import Tokenizers

/// The embedding of what stands between the rows of an image, as a GGUF keeps it beside the encoder.
///
/// - Source: llama.cpp, `v.token_embd.img_break`: the row of the token in the decoder's table.
package struct RowBreak: Sendable, Equatable {
  /// The tensor's name in a GGUF.
  package let name: String
  package let values: [Float]

  package var shape: Shape { [values.count] }
}

extension Model {
  /// The embedding of the break between rows; nil for models whose engines do not ask for it.
  ///
  /// - Throws: ``ModelError/input(_:)`` if the break is no token of the model.
  package func rowBreak() throws(ModelError) -> RowBreak? {
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
      RowBreak(name: name, values: $0.slice(token..<token + 1).values())
    }
  }
}
