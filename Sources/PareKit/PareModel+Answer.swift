// SPDX-License-Identifier: Apache-2.0

import LinearAlgebra
import Models
import Notation
import Tokenizers

/// An answer.
public struct PareAnswer: PareResult {
  /// The answer itself.
  public let text: String
  /// The same as a JSON object.
  public var json: String {
    let object: JSON = ["answer": .string(text)]
    return object.text() + "\n"
  }
}

extension PareModel {
  /// Answers a question, greedily.
  ///
  /// - Parameters:
  ///   - prompt: The question.
  ///   - images: Files of images, in the order of their places in the prompt; where it has none, they
  ///     come first.
  ///   - cutCount: How many of the last images may be cut into tiles; nil for all.
  ///   - limit: The most tokens of the answer.
  ///   - emit: Receives the bytes of the answer as they come; a character may come in parts.
  /// - Returns: The answer.
  /// - Throws: ``PareError``
  @discardableResult
  public func answer(
    to prompt: String, images: [String] = [], cutting cutCount: Int? = nil, limit: Int = 256,
    emit: ([UInt8]) -> Void = { _ in }
  ) throws(PareError) -> PareAnswer {
    try convertingErrors { () throws(ModelError) in
      let forward = try ForwardPass(model)
      let images = try forward.embeddings(of: try model.pixels(of: images, cutting: cutCount))
      let tokens = try PromptBuilder(model).tokens(
        question: prompt, images: images)
      var isFirst = true
      let answers = try Generator(forward).answers(
        to: [TokenSequence(prompt: tokens, images: images)], limit: limit
      ) { _, token in
        var bytes = model.tokenizer.bytes(of: token)
        // The space that SentencePiece puts in front of a text belongs to no answer.
        if isFirst, model.tokenizer.vocabulary.chatTemplate != nil,
          bytes.first == UInt8(ascii: " ")
        {
          bytes.removeFirst()
        }
        isFirst = false
        emit(bytes)
      }
      return PareAnswer(text: model.tokenizer.text(of: answers.first ?? []))
    }
  }
}
