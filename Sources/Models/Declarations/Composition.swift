// SPDX-License-Identifier: Apache-2.0

import Notation

/// A whole model as data: which parts it is made of, and how their tensors are named in it.
package struct Composition: Sendable {
  /// A part of the model.
  struct Member: Sendable {
    let kind: PartDeclaration.Kind
    /// The name of the part's declaration, if it is always the same one.
    let declaration: String?
    /// Where `config.json` says which part it is, and what counts if it does not.
    let use: (path: String, fallback: String)?
    /// Where the part's configuration stands in `config.json`: the first path that is there, else
    /// the last; empty for the top.
    let config: [String]
    /// Hyperparameters that the whole model decides, read from the top of `config.json`.
    let overrides: [HyperparameterDeclaration]
    /// Ways to name the tensors; in each, prefixes of the part's own names with what stands for
    /// them in the whole model.
    let names: [PrefixMap]
    /// How MLX names them; nil for the same way as the checkpoint.
    let mlx: PrefixMap?
  }

  /// Prefixes with what stands for them; the longest that fits counts.
  typealias PrefixMap = [(prefix: String, replacement: String)]

  package let name: String
  package let about: String
  package let modelTypes: [String]
  /// Values that must stand elsewhere in `config.json`, too: for each path those that do.
  let conditions: [(path: String, values: [String])]
  /// Paths in `config.json` that must be there.
  let needed: [String]
  /// The values of `clip.projector_type` that mean this model.
  let projectors: [String]
  /// The token whose places the image takes.
  let imageToken: HyperparameterDeclaration
  /// How the token is spelt.
  let imageText: String
  /// How an image stands in a prompt.
  let imagePrompt: ImagePrompt
  let imageProcessor: ImageProcessorDeclaration
  /// In the order in which they run.
  let members: [Member]
  /// What folders for MLX say otherwise at the top of the configuration.
  let mlx: MLXDeclaration
  /// What other programs do otherwise.
  let notes: [EngineNote]

  init(_ reader: DeclarationReader) throws(ModelError) {
    try reader.allow([
      "name", "about", "extends", "changes", "match", "imageToken", "imageText", "imagePrompt",
      "imageProcessor", "parts", "mlx", "notes",
    ])
    name = try reader.member("name").string()
    about = try reader["about"]?.string() ?? ""
    let match = try reader.member("match")
    try match.allow(["model_type", "config", "has", "projector"])
    modelTypes = try match.member("model_type").strings()
    var conditions: [(path: String, values: [String])] = []
    for (path, values) in try match["config"]?.members() ?? [] {
      conditions.append((path, try values.strings()))
    }
    self.conditions = conditions
    needed = try match["has"]?.strings() ?? []
    projectors = try match["projector"]?.strings() ?? []
    imageToken = try HyperparameterDeclaration(reader.member("imageToken"), name: "imageToken")
    imageText = try reader.member("imageText").string()
    imagePrompt = try ImagePrompt(reader["imagePrompt"], token: imageText)
    imageProcessor = try ImageProcessorDeclaration(reader["imageProcessor"])
    let parts = try reader.member("parts")
    try parts.allow(Set(PartDeclaration.Kind.allCases.map(\.rawValue)))
    var members: [Member] = []
    for kind in PartDeclaration.Kind.allCases {
      members.append(try Member(parts.member(kind.rawValue), kind: kind))
    }
    self.members = members
    mlx = try MLXDeclaration(reader["mlx"])
    notes = try EngineNote.list(reader["notes"])
  }
}

extension Composition {
  /// Whether a model's configuration meets all that the declaration asks for.
  func claims(_ config: JSON) -> Bool {
    config["model_type"]?.string.map(modelTypes.contains) ?? false
      && needed.allSatisfy { config.value(at: $0) != nil }
      && conditions.allSatisfy { path, values in
        config.value(at: path)?.string.map(values.contains) ?? false
      }
  }
}

extension Composition.Member {
  /// Puts a whole model's prefix before a part's own name.
  static func renaming(_ map: Composition.PrefixMap) -> @Sendable (String) -> String {
    let ordered = map.sorted { $0.prefix.count > $1.prefix.count }
    return { name in
      guard let entry = ordered.first(where: { name.hasPrefix($0.prefix) }) else { return name }
      return entry.replacement + name.dropFirst(entry.prefix.count)
    }
  }

  /// Reads a way to name tensors.
  static func map(
    _ reader: DeclarationReader
  ) throws(ModelError) -> Composition.PrefixMap {
    var map: Composition.PrefixMap = []
    for (key, value) in try reader.members() { map.append((key, try value.string())) }
    return map
  }

  init(_ reader: DeclarationReader, kind: PartDeclaration.Kind) throws(ModelError) {
    try reader.allow(["declaration", "use", "config", "set", "names", "mlx"])
    self.kind = kind
    declaration = try reader["declaration"]?.string()
    if let use = reader["use"] {
      let texts = try use.strings()
      guard texts.count == 2 else { throw use.error("expected a path and a default") }
      self.use = (texts[0], texts[1])
    } else {
      use = nil
      guard declaration != nil else { throw reader.error("expected 'declaration' or 'use'") }
    }
    config = try reader["config"]?.strings() ?? []
    var overrides: [HyperparameterDeclaration] = []
    for (key, value) in try reader["set"]?.members() ?? [] {
      overrides.append(try HyperparameterDeclaration(value, name: key))
    }
    self.overrides = overrides
    names = try reader.member("names").elements().map { (way) throws(ModelError) in
      try Composition.Member.map(way)
    }
    mlx = try reader["mlx"].map { (way) throws(ModelError) in try Composition.Member.map(way) }
  }
}
