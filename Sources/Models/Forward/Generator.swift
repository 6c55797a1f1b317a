// SPDX-License-Identifier: Apache-2.0

import LinearAlgebra
import Tokenizers

/// Greedy generation: always the most likely token, until the model ends its answer.
package struct Generator: Sendable {
  private let forward: ForwardPass
  private let stops: Set<Int>

  package init(_ forward: ForwardPass) {
    self.forward = forward
    let vocabulary = forward.model.tokenizer.vocabulary
    stops = forward.model.answerEnds.all.union(
      [vocabulary.endOfSequence, vocabulary.endOfTurn].compactMap(\.self))
  }

  /// Answers several prompts at once.
  ///
  /// - Parameters:
  ///   - prompts: At least one token each.
  ///   - limit: The most tokens of an answer.
  ///   - progress: Called with the number of a prompt and its next token.
  /// - Returns: The answers' tokens, without the one that ends them.
  /// - Throws: ``ModelError`` for an empty prompt, or logits that are no numbers.
  package func answers(
    to prompts: [TokenSequence], limit: Int, progress: (Int, Int) -> Void = { _, _ in }
  ) throws(ModelError) -> [[Int]] {
    var answers = [[Int]](repeating: [], count: prompts.count)
    try forward.model.requireLogits()
    guard !prompts.isEmpty, limit > 0 else { return answers }
    guard prompts.allSatisfy({ !$0.tokens.isEmpty }) else {
      throw .input("the prompt is empty; give the model at least one token to go on from")
    }
    for prompt in prompts where prompt.tokens.count > forward.contextLength {
      throw .input(
        "\(forward.model.path): the prompt has \(prompt.tokens.count) tokens, more than the "
          + "\(forward.contextLength) that the model was made for; shorten it")
    }
    var state = forward.state(sequenceCount: prompts.count)
    var active = Array(prompts.indices)
    var logits = try forward.advance(
      &state, by: prompts.map { TokenSequence(prompt: $0.tokens, images: $0.images) })
    while true {
      var next: [(place: Int, token: Int)] = []
      for place in active.indices {
        let token = try best(logits.row(place))
        guard !stops.contains(token) else { continue }
        answers[active[place]].append(token)
        progress(active[place], token)
        let length = prompts[active[place]].tokens.count + answers[active[place]].count
        if answers[active[place]].count < limit, length < forward.contextLength {
          next.append((place, token))
        }
      }
      guard !next.isEmpty else { return answers }
      if next.count < active.count {
        state.keep(next.map(\.place))
        active = next.map { active[$0.place] }
      }
      logits = try forward.advance(
        &state, by: next.map { TokenSequence(tokens: [$0.token]) })
    }
  }

  /// The first of the largest.
  private func best(_ logits: ArraySlice<Float>) throws(ModelError) -> Int {
    var best = logits.startIndex
    for index in logits.indices {
      guard logits[index].isFinite else { throw try WeightCheck.culprit(of: forward.model) }
      if logits[index] > logits[best] { best = index }
    }
    return best - logits.startIndex
  }
}
