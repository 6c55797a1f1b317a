// SPDX-License-Identifier: Apache-2.0

package import Checkpoints
import Notation
package import Quantization

/// Which type each matrix of a packed folder gets, by its role.
///
/// Schema: `Formats/Recipes/README.md`.
package struct PackedRecipe: Sendable {
  /// It becomes part of the folder's name.
  package let name: String
  package let family: PackedScheme.Family
  private let rules: [(tensors: TensorRule?, target: PackedTarget)]

  /// The same type for all.
  package init(_ target: PackedTarget) {
    name = target.name
    family = target.family
    rules = [(nil, target)]
  }

  /// A recipe for folders of MLX.
  ///
  /// - Parameters:
  ///   - text: The content of a file in JSON.
  ///   - name: What messages call it.
  /// - Throws: ``RecipeError`` for the first mistake.
  package init(mlx text: String, name: String) throws(RecipeError) {
    func fail(_ sentence: String) -> RecipeError { RecipeError(recipe: name, sentence: sentence) }
    let file = try RecipeFile(text: text, container: "mlx", members: ["container"], fail: fail)
    self.name = file.name
    family = .mlx
    var rules: [(tensors: TensorRule?, target: PackedTarget)] = []
    for (index, entry) in file.rules.enumerated() {
      func failHere(_ sentence: String) -> RecipeError { fail("rules[\(index)]: \(sentence)") }
      try RecipeFile.requireKnown(["roles", "when", "type"], in: entry, fail: failHere)
      guard let target = entry["type"]?.string.flatMap({ PackedTarget(mlxName: $0) }) else {
        throw failHere("type: expected a type of MLX such as 4bit or 4bit-g32")
      }
      rules.append((try TensorRule(entry, fail: failHere), target))
    }
    self.rules = rules
  }

  /// The type of a matrix.
  ///
  /// - Throws: ``RecipeError`` if no rule fits it, or a formula fails.
  package func target(for tensor: QuantizableTensor) throws(RecipeError) -> PackedTarget {
    for (tensors, target) in rules {
      if try tensors?.fits(tensor, recipe: name) ?? true { return target }
    }
    throw RecipeError(recipe: name, sentence: "no rule fits the tensor \(tensor.role)")
  }
}
