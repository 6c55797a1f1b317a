// SPDX-License-Identifier: Apache-2.0

import Formats
import Notation
package import Tensors

/// Which encoding each tensor of a model gets, by its role.
///
/// Schema: `Formats/Recipes/README.md`.
package struct Recipe: Sendable {
  fileprivate struct Rule: Sendable {
    let tensors: TensorRule
    let encoding: Encoding
    let reason: String?
  }

  package let name: String
  package let about: String
  /// `general.file_type` of a GGUF.
  package let fileType: UInt32?
  /// The recipe of the vision encoder and the connector; nil if it is this one.
  package let projector: String?
  fileprivate let rules: [Rule]

  /// The names of the recipes in the program that `--type` may name.
  package static var names: [String] {
    Formats.recipes.map(\.name).filter { $0 != "base" }
  }

  /// The same with what each is about.
  package static var summaries: [(name: String, about: String)] {
    names.map { ($0, (try? Recipe(named: $0))?.about ?? "") }
  }

  /// A recipe of the program.
  ///
  /// - Parameter name: In any case, such as `q4_k_m`.
  /// - Throws: ``RecipeError`` if there is none of that name.
  package init(named name: String) throws(RecipeError) {
    let found = Formats.recipes.first { $0.name.lowercased() == name.lowercased() }
    guard let found, found.name != "base" else {
      throw RecipeError(
        recipe: name,
        sentence: "there is none of this name; `pare types` lists them, or give the path of a "
          + "recipe in JSON")
    }
    try self.init(text: String(decoding: found.text, as: UTF8.self), name: found.name)
  }

  /// A recipe in JSON.
  ///
  /// - Parameters:
  ///   - text: The content of a file.
  ///   - name: What messages call it.
  /// - Throws: ``RecipeError`` for the first mistake.
  package init(text: String, name: String) throws(RecipeError) {
    try self.init(text: text, name: name, depth: 0)
  }

  private init(text: String, name: String, depth: Int) throws(RecipeError) {
    func fail(_ sentence: String) -> RecipeError { RecipeError(recipe: name, sentence: sentence) }
    let file = try RecipeFile(
      text: text, container: nil, members: ["extends", "fileType", "projector"], fail: fail)
    let json = file.json
    self.name = file.name
    about = json["about"]?.string ?? ""
    fileType = json["fileType"]?.integer.flatMap { UInt32(exactly: $0) }
    projector = json["projector"]?.string
    var rules: [Rule] = []
    if let base = json["extends"]?.string {
      guard depth < 8, let found = Formats.recipes.first(where: { $0.name == base }) else {
        throw fail("extends: there is no recipe '\(base)' to extend")
      }
      rules = try Recipe(
        text: String(decoding: found.text, as: UTF8.self), name: base, depth: depth + 1
      ).rules
    }
    for (index, entry) in file.rules.enumerated() {
      rules.append(try Rule(entry, fail: { fail("rules[\(index)]: \($0)") }))
    }
    self.rules = rules
  }

  /// The encoding of a tensor.
  ///
  /// - Throws: ``RecipeError`` if no rule fits it, or a formula fails.
  package func choice(for tensor: QuantizableTensor) throws(RecipeError) -> EncodingChoice {
    for rule in rules where try rule.tensors.fits(tensor, recipe: name) {
      return EncodingChoice(wanted: rule.encoding, reason: rule.reason, shape: tensor.shape)
    }
    throw RecipeError(recipe: name, sentence: "no rule fits the tensor \(tensor.role)")
  }
}

extension Recipe.Rule {
  fileprivate init(
    _ json: JSON, fail: (String) -> RecipeError
  ) throws(RecipeError) {
    try RecipeFile.requireKnown(["roles", "when", "type", "because"], in: json, fail: fail)
    guard let type = json["type"]?.string, let encoding = Encoding(rawValue: type) else {
      throw fail("type: expected an encoding such as Q4_K")
    }
    self.encoding = encoding
    tensors = try TensorRule(json, fail: fail)
    reason = json["because"]?.string
  }
}

/// What a recipe may know of a tensor.
package struct QuantizableTensor: Sendable {
  package let role: String
  /// As it will be stored; the last dimension is the row.
  package let shape: Shape
  /// The repetition that it belongs to, and how many there are; nil outside of any.
  package let layer: Int?
  package let layerCount: Int?
  /// 0 for a dense model.
  package let expertCount: Int
  /// Query heads for each key and value head, in the language model; 1 elsewhere.
  package let headGroups: Int
  /// Whether the table of embeddings is also the output.
  package let isTied: Bool

  package init(
    role: String, shape: Shape, layer: Int?, layerCount: Int?, expertCount: Int,
    headGroups: Int = 1, isTied: Bool
  ) {
    self.role = role
    self.shape = shape
    self.layer = layer
    self.layerCount = layerCount
    self.expertCount = expertCount
    self.headGroups = headGroups
    self.isTied = isTied
  }

  /// Whether the layer is among the first or last eighth, or every third between.
  private var isSpread: Bool {
    guard let layer, let layerCount else { return false }
    return layer < layerCount / 8 || layer >= 7 * layerCount / 8
      || (layer - layerCount / 8) % 3 == 2
  }

  var variables: [String: Expression.Value] {
    let rows = (shape.elementCount ?? 0) / max(1, shape.rowLength)
    return [
      "rank": .number(Double(shape.dimensions.count)), "rows": .number(Double(rows)),
      "columns": .number(Double(shape.rowLength)), "layer": .number(Double(layer ?? -1)),
      "layerCount": .number(Double(layerCount ?? -1)),
      "expertCount": .number(Double(expertCount)), "tied": .bool(isTied),
      "headGroups": .number(Double(headGroups)), "spread": .bool(isSpread),
    ]
  }
}
