// SPDX-License-Identifier: Apache-2.0

import Tokenizers

/// Tokens on which models are compared.
package struct EvaluationSequence: Sendable {
  /// What tokens are to the model.
  ///
  /// What it says of images never mixes with text alone, nor what it is asked with what it answers.
  package enum Group: String, CaseIterable, Sendable {
    case imageAnswers = "images"
    case imagePrompts = "image prompts"
    case answers = "answers"
    case prompts = "prompts"
    case text = "text"

    package var isPrompt: Bool { self == .imagePrompts || self == .prompts }
  }

  package let tokens: [Int]
  /// How many of the first tokens are a question.
  package let promptCount: Int
  package let images: [SampleImage]
  /// The tokens whose prediction counts; each is predicted from the one before it.
  package let parts: [(group: Group, positions: [Int])]

  /// The scored tokens themselves.
  package var targets: [Int] { parts.flatMap { $0.positions.map { tokens[$0] } } }

  package var scoredCount: Int { parts.reduce(0) { $0 + $1.positions.count } }

  /// The first tokens.
  package func prefix(_ count: Int) -> EvaluationSequence {
    let kept = parts.map { part in (part.group, part.positions.filter { $0 < count }) }
    return EvaluationSequence(
      tokens: Array(tokens.prefix(count)), promptCount: min(promptCount, count), images: images,
      parts: kept.filter { !$0.1.isEmpty })
  }
}

/// A question with what is expected of the answer.
package struct EvaluationQuestion: Sendable {
  package let images: [SampleImage]
  package let prompt: [Int]
  package let answer: String?
  package let answerTokens: [Int]?
}

/// Turns samples into tokens.
package struct EvaluationBuilder {
  package let model: Model
  package let prompts: PromptBuilder
  /// Tokens of a window of text.
  package let window: Int
  /// The most tokens of a question with its answer.
  package let contextLength: Int
  /// Whether the tokens of questions are predicted from those before them.
  package let scoresPrompts: Bool

  /// - Parameters:
  ///   - forward: The model that reads the samples.
  ///   - prompts: That of the model.
  ///   - window: Tokens of a window of text.
  ///   - contextLength: The most tokens of a question with its answer.
  package init(_ forward: ForwardPass, prompts: PromptBuilder, window: Int, contextLength: Int) {
    model = forward.model
    self.prompts = prompts
    self.window = window
    self.contextLength = contextLength
    scoresPrompts = !forward.seesWholePrompts
  }

  /// The questions and the windows of text of a dataset, so many of them together at the most.
  ///
  /// Models that give embeddings are asked nothing: questions and answers are texts of their own.
  ///
  /// - Throws: ``ModelError/input(_:)`` for an image that such a model cannot see.
  package func samples(
    of data: Dataset, limit: Int
  ) throws(ModelError) -> (questions: [Dataset.Question], windows: [EvaluationSequence]) {
    var (questions, windows): ([Dataset.Question], [EvaluationSequence]) = ([], [])
    for sample in data.samples where windows.count + questions.count < limit {
      let texts: [String]
      switch sample {
      case .text(let text): texts = [text]
      case .question(let question) where model.givesEmbeddings:
        guard question.images.isEmpty else {
          throw .input(
            "\(question.place): \(model.path) gives embeddings of texts and sees no image; leave "
              + "images out")
        }
        texts = [question.prompt] + [question.answer].compactMap(\.self)
      case .question(let question):
        questions.append(question)
        continue
      }
      for text in texts {
        windows += try self.windows(of: text).prefix(limit - windows.count - questions.count)
      }
    }
    return (questions, windows)
  }

  /// Windows of a text, each with the token that begins a sequence, if the model has one; where an
  /// embedding is of the whole window, also with the one that ends it, and no token is scored.
  ///
  /// - Throws: ``ModelError/tokenizer(_:)`` for a text that the tokenizer's patterns fail on.
  package func windows(of text: String) throws(ModelError) -> [EvaluationSequence] {
    let beginning = model.tokenizer.beginning
    let end = model.givesEmbeddings ? model.tokenizer.end : []
    let tokens = try convertingErrors { () throws(TokenizerError) in
      try model.tokenizer.encode(text)
    }
    let step = max(1, window - beginning.count - end.count)
    return stride(from: 0, to: tokens.count, by: step).compactMap { start in
      let own = beginning + tokens[start..<min(tokens.count, start + step)] + end
      guard own.count >= 2 else { return nil }
      return EvaluationSequence(
        tokens: own, promptCount: 0, images: [],
        parts: model.givesEmbeddings ? [] : [(.text, Array(1..<own.count))])
    }
  }

  package func question(
    _ question: Dataset.Question, images: [ImageEmbedding]
  ) throws(ModelError) -> EvaluationQuestion {
    let prompt: [Int]
    do throws(ModelError) {
      prompt = try prompts.tokens(
        question: question.prompt, images: images)
    } catch .input(let sentence) {
      throw .input("\(question.place): \(sentence)")
    }
    let answer = try question.answer.map { (answer) throws(ModelError) in
      try prompts.tokens(answer: answer)
    }
    guard prompt.count + (answer?.count ?? 0) <= contextLength else {
      throw .input(
        "\(question.place): the sample has \(prompt.count + (answer?.count ?? 0)) tokens, more "
          + "than the \(contextLength) that the models were made for; shorten it")
    }
    return EvaluationQuestion(
      images: question.images, prompt: prompt, answer: question.answer, answerTokens: answer)
  }

  /// The question with its answer.
  package func sequence(_ question: EvaluationQuestion, answer: [Int]) -> EvaluationSequence {
    let tokens = question.prompt + answer
    let imageToken = question.images.isEmpty ? nil : model.architecture.imageToken
    // Before the image nothing is known of it, and nothing predicts the places that it takes.
    let seen = imageToken.flatMap { question.prompt.firstIndex(of: $0) } ?? tokens.count
    let asked = question.prompt.indices.dropFirst().filter {
      tokens[$0] != imageToken && (scoresPrompts || answer.isEmpty)
    }
    let parts: [(group: EvaluationSequence.Group, positions: [Int])] = [
      (.prompts, asked.filter { $0 < seen }), (.imagePrompts, asked.filter { $0 > seen }),
      (
        question.images.isEmpty ? .answers : .imageAnswers,
        Array(question.prompt.count..<tokens.count)
      ),
    ]
    return EvaluationSequence(
      tokens: tokens, promptCount: question.prompt.count, images: question.images,
      parts: parts.filter { !$0.positions.isEmpty })
  }
}
