// SPDX-License-Identifier: Apache-2.0

/// Tokens with the images that take the places of image tokens.
package struct TokenSequence: Sendable {
  package var tokens: [Int]
  /// As ``ForwardPass/embeddings(of:trace:)`` gives them.
  package var images: [ImageEmbedding]
  /// How many of the first tokens are a prompt, which some models see as a whole before they go on
  /// token by token; 0 for a text.
  package var promptCount: Int

  package init(tokens: [Int], images: [ImageEmbedding] = [], promptCount: Int = 0) {
    self.tokens = tokens
    self.images = images
    self.promptCount = promptCount
  }

  /// A question to be answered.
  package init(prompt tokens: [Int], images: [ImageEmbedding] = []) {
    self.init(tokens: tokens, images: images, promptCount: tokens.count)
  }
}
