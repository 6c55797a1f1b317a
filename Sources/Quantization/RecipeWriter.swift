// SPDX-License-Identifier: Apache-2.0

package import Notation

/// Writes a recipe that gives each tensor of one model exactly one type.
package enum RecipeWriter {
  /// A tensor with its type.
  package struct Entry: Sendable {
    package let role: String
    /// Nil outside of layers.
    package let layer: Int?
    /// By its name.
    package let type: String

    package init(role: String, layer: Int?, type: String) {
      self.role = role
      self.layer = layer
      self.type = type
    }
  }

  /// The recipe, by the schema of `Formats/Recipes/README.md`.
  ///
  /// - Parameters:
  ///   - name: Becomes part of the names of files.
  ///   - about: One sentence.
  ///   - container: Of folders, such as `mlx`; nil for GGUF.
  ///   - entries: All tensors of a model; roles tell its parts apart.
  /// - Returns: One rule for each run of layers.
  package static func recipe(
    name: String, about: String, container: String? = nil, entries: [Entry]
  ) -> JSON {
    var roles: [String] = []
    for entry in entries where !roles.contains(entry.role) { roles.append(entry.role) }
    var rules: [JSON] = []
    for role in roles {
      let own = entries.filter { $0.role == role }
      let runs = runs(of: own)
      for run in runs {
        var rule = JSON.Object()
        rule["roles"] = .array([.string(role)])
        if runs.count > 1, let first = run.layers.first, let last = run.layers.last {
          rule["when"] = .string(
            first == last ? "layer == \(first)" : "layer >= \(first) and layer <= \(last)")
        }
        rule["type"] = .string(run.type)
        rules.append(.object(rule))
      }
    }
    var recipe = JSON.Object()
    recipe["name"] = .string(name)
    recipe["about"] = .string(about)
    if let container { recipe["container"] = .string(container) }
    recipe["rules"] = .array(rules)
    return .object(recipe)
  }

  /// Layers that follow each other with the same type.
  private static func runs(of entries: [Entry]) -> [(layers: [Int], type: String)] {
    var runs: [(layers: [Int], type: String)] = []
    for entry in entries.sorted(by: { $0.layer ?? -1 < $1.layer ?? -1 }) {
      if runs.last?.type == entry.type {
        runs[runs.count - 1].layers += entry.layer.map { [$0] } ?? []
      } else {
        runs.append((entry.layer.map { [$0] } ?? [], entry.type))
      }
    }
    return runs
  }
}
