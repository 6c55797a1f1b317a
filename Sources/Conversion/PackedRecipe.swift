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
    let json: JSON
    do throws(JSONError) { json = try JSON(parsing: text) } catch { throw fail("\(error)") }
    guard json["container"]?.string == "mlx" else {
      throw fail("container: expected mlx; a recipe without it is for GGUF")
    }
    let known: Set = ["name", "about", "container", "rules"]
    for key in json.object?.keys ?? [] where !known.contains(key) {
      throw fail("'\(key)' is not known; known are \(known.sorted().joined(separator: ", "))")
    }
    guard let ownName = json["name"]?.string, let entries = json["rules"]?.array else {
      throw fail("expected the members 'name' and 'rules'")
    }
    guard Recipe.isName(ownName) else {
      throw fail("name: expected 1 to 64 letters, digits, '_', '.' or '-', found '\(ownName)'")
    }
    self.name = ownName
    family = .mlx
    var rules: [(tensors: TensorRule?, target: PackedTarget)] = []
    for (index, entry) in entries.enumerated() {
      let rule = "rules[\(index)]"
      for key in entry.object?.keys ?? [] where !["roles", "when", "type"].contains(key) {
        throw fail("\(rule): '\(key)' is not known; known are roles, type, when")
      }
      guard let target = entry["type"]?.string.flatMap({ PackedTarget(mlxName: $0) }) else {
        throw fail("\(rule).type: expected a type of MLX such as 4bit or 4bit-g32")
      }
      rules.append((try TensorRule(entry, fail: { fail("\(rule).\($0)") }), target))
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
