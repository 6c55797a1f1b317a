// SPDX-License-Identifier: Apache-2.0

import Models
import Tokenizers

/// Tokens on which models are compared.
struct EvaluationSequence {
  /// Where the tokens come from: a question about an image, or text alone.
  enum Kind { case image, text }

  let kind: Kind
  let tokens: [Int]
  /// The image's file.
  let image: String?
  /// The tokens whose prediction counts; each is predicted from the one before it.
  let scored: Range<Int>
}

/// A question with what is expected of the answer.
struct EvaluationQuestion {
  let image: String?
  let prompt: [Int]
  let answer: String?
  let answerTokens: [Int]?
}

/// Turns samples into tokens.
struct EvaluationBuilder {
  let model: Model
  let prompts: PromptBuilder
  /// Tokens of a window of text.
  let window: Int
  /// The most tokens of a question with its answer.
  let contextLength: Int

  /// Windows of a text, each with the token that begins a sequence, if the model has one.
  func windows(of text: String) -> [EvaluationSequence] {
    let beginning = model.tokenizer.beginning
    let tokens = model.tokenizer.encode(text)
    let step = max(1, window - beginning.count)
    return stride(from: 0, to: tokens.count, by: step).compactMap { start in
      let own = beginning + tokens[start..<min(tokens.count, start + step)]
      guard own.count >= 2 else { return nil }
      return EvaluationSequence(kind: .text, tokens: own, image: nil, scored: 1..<own.count)
    }
  }

  func question(
    _ question: Dataset.Question, imageTokenCounts: [Int]
  ) throws(ModelError) -> EvaluationQuestion {
    let prompt: [Int]
    do throws(ModelError) {
      prompt = try prompts.tokens(
        question: question.prompt, imageTokenCounts: imageTokenCounts)
    } catch .input(let sentence) {
      throw .input("\(question.place): \(sentence)")
    }
    let answer = question.answer.map(prompts.tokens(answer:))
    guard prompt.count + (answer?.count ?? 0) <= contextLength else {
      throw .input(
        "\(question.place): the sample has \(prompt.count + (answer?.count ?? 0)) tokens, more "
          + "than the \(contextLength) that the models were made for; shorten it")
    }
    return EvaluationQuestion(
      image: question.image, prompt: prompt, answer: question.answer, answerTokens: answer)
  }

  /// The question with its answer; only the answer's tokens count.
  func sequence(_ question: EvaluationQuestion, answer: [Int]) -> EvaluationSequence {
    let tokens = question.prompt + answer
    return EvaluationSequence(
      kind: question.image == nil ? .text : .image, tokens: tokens, image: question.image,
      scored: question.prompt.count..<tokens.count)
  }
}
