// SPDX-License-Identifier: Apache-2.0

import Formats
import Notation
import Tensors

/// Which weights of a model a packed folder keeps as they are, and why: the rest is packed.
package struct PackingRules: Sendable {
  private struct Rule: Sendable {
    let tensors: TensorRule
    let reason: String
    /// Whether it also holds for weights that are packed already.
    let isStrict: Bool
  }

  /// Modules that loaders must be told to leave alone although no tensor is theirs: an output that
  /// shares the table of embeddings.
  package let ignored: [String]
  private let name: String
  private let rules: [Rule]

  /// The rules of a family, `Formats/Packing/NAME.json`.
  ///
  /// - Throws: ``RecipeError`` if there are none of this name, or the file has a mistake.
  package init(named name: String) throws(RecipeError) {
    guard let found = Formats.packings.first(where: { $0.name == name }) else {
      throw RecipeError(recipe: name, sentence: "there are no rules of this name")
    }
    self.name = name
    func fail(_ sentence: String) -> RecipeError { RecipeError(recipe: name, sentence: sentence) }
    let json: JSON
    do throws(JSONError) {
      json = try JSON(parsing: String(decoding: found.text, as: UTF8.self))
    } catch { throw fail("\(error)") }
    ignored = json["ignore"]?.array?.compactMap(\.string) ?? []
    var rules: [Rule] = []
    for (index, entry) in (json["keep"]?.array ?? []).enumerated() {
      guard let reason = entry["because"]?.string else {
        throw fail("keep[\(index)]: expected the member 'because'")
      }
      rules.append(
        Rule(
          tensors: try TensorRule(entry, fail: { fail("keep[\(index)].\($0)") }), reason: reason,
          isStrict: entry["always"]?.bool ?? false))
    }
    self.rules = rules
  }

  /// Why a tensor is kept, or nil if it is packed.
  ///
  /// - Parameters:
  ///   - tensor: A tensor of the model.
  ///   - isPacked: Whether it is packed already, so that keeping it would expand it.
  /// - Returns: The reason of the first rule that fits.
  /// - Throws: ``RecipeError`` if a formula fails.
  package func reasonToKeep(
    _ tensor: QuantizableTensor, isPacked: Bool = false
  ) throws(RecipeError) -> String? {
    for rule in rules where rule.isStrict || !isPacked {
      if try rule.tensors.fits(tensor, recipe: name) { return rule.reason }
    }
    return nil
  }
}
