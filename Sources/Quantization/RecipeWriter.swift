// SPDX-License-Identifier: Apache-2.0

package import Notation
package import Tensors

/// Writes a recipe that gives each tensor of one model exactly one encoding.
package enum RecipeWriter {
  /// A tensor with its encoding.
  package struct Entry: Sendable {
    package let role: String
    /// Nil outside of layers.
    package let layer: Int?
    package let encoding: Encoding

    package init(role: String, layer: Int?, encoding: Encoding) {
      self.role = role
      self.layer = layer
      self.encoding = encoding
    }
  }

  /// The recipe, by the schema of `Formats/Recipes/README.md`.
  ///
  /// - Parameters:
  ///   - name: Becomes part of the names of files.
  ///   - about: One sentence.
  ///   - entries: All tensors of a model; roles tell its parts apart.
  /// - Returns: One rule for each run of layers.
  package static func recipe(name: String, about: String, entries: [Entry]) -> JSON {
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
        rule["type"] = .string(run.encoding.rawValue)
        rules.append(.object(rule))
      }
    }
    return ["name": .string(name), "about": .string(about), "rules": .array(rules)]
  }

  /// Layers that follow each other with the same encoding.
  private static func runs(of entries: [Entry]) -> [(layers: [Int], encoding: Encoding)] {
    var runs: [(layers: [Int], encoding: Encoding)] = []
    for entry in entries.sorted(by: { $0.layer ?? -1 < $1.layer ?? -1 }) {
      if runs.last?.encoding == entry.encoding {
        runs[runs.count - 1].layers += entry.layer.map { [$0] } ?? []
      } else {
        runs.append((entry.layer.map { [$0] } ?? [], entry.encoding))
      }
    }
    return runs
  }
}
