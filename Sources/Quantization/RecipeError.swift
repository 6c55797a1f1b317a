// SPDX-License-Identifier: Apache-2.0

/// A recipe that cannot be read, or does not say what to do with a tensor.
package struct RecipeError: Error, CustomStringConvertible, Sendable {
  package let recipe: String
  package let sentence: String

  package init(recipe: String, sentence: String) {
    self.recipe = recipe
    self.sentence = sentence
  }

  package var description: String { "recipe \(recipe): \(sentence)" }
}
