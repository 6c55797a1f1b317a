// SPDX-License-Identifier: Apache-2.0

package import Notation

/// Which tensors a rule is for: by role, and by a formula over what is known of them.
///
/// Schema: `Formats/Recipes/README.md`.
package struct TensorRule: Sendable {
  private let roles: [Wildcard]
  private let condition: Expression?

  /// Reads the members `roles` and `when`.
  ///
  /// - Parameters:
  ///   - json: A rule.
  ///   - fail: Makes the error for a mistake.
  /// - Throws: ``RecipeError`` for a formula that is none.
  package init(_ json: JSON, fail: (String) -> RecipeError) throws(RecipeError) {
    roles = json["roles"]?.array?.compactMap(\.string).map { Wildcard($0) } ?? []
    guard let text = json["when"]?.string else {
      condition = nil
      return
    }
    do throws(Expression.Failure) { condition = try Expression(text) } catch {
      throw fail("when: \(error)")
    }
  }

  /// Whether it is for a tensor.
  ///
  /// - Parameters:
  ///   - tensor: A tensor of the model.
  ///   - recipe: What messages call the recipe.
  /// - Returns: True without roles and formula, too.
  /// - Throws: ``RecipeError`` if the formula fails.
  package func fits(_ tensor: QuantizableTensor, recipe: String) throws(RecipeError) -> Bool {
    guard roles.isEmpty || roles.contains(where: { $0.matches(tensor.role) }) else { return false }
    guard let condition else { return true }
    do throws(Expression.Failure) { return try condition.bool(tensor.variables) } catch {
      throw RecipeError(recipe: recipe, sentence: "for \(tensor.role): \(error)")
    }
  }
}
