// SPDX-License-Identifier: Apache-2.0

import Notation

/// A number, text or truth value of a model, and where each container keeps it.
struct HyperparameterDeclaration: Sendable {
  let name: String
  /// Dotted paths in `config.json`; the first that is there counts.
  let config: [String]
  /// Keys of GGUF metadata; the first that is there counts.
  let gguf: [NameTemplate]
  /// Keys of GGUF metadata whose numbers are subtracted from it there.
  let ggufLess: [NameTemplate]
  /// In a GGUF, true if this tensor is there.
  let present: String?
  /// In a GGUF, true if this tensor is not there.
  let absent: String?
  /// What counts if nothing else does; computed from the hyperparameters before this one.
  let fallback: Expression
  /// What counts in a GGUF that is silent, for engines take it for granted; nil for the same.
  let ggufFallback: Expression?
  /// What a null in `config.json` means; nil for the same as nothing.
  let null: Expression?
  /// How many layers have a value each; nil for one value of the whole part.
  let perLayer: Expression?
  /// Of the values of layers: dotted paths of lists of layers' numbers; true for those in it.
  let listed: [String]
  /// The same, but their place in the list for those in it, and -1 for others.
  let ranked: [String]
  /// Dotted paths of lists in `config.json` whose number of entries it is.
  let length: [String]

  init(_ reader: DeclarationReader, name: String) throws(ModelError) {
    self.name = name
    try reader.allow([
      "config", "gguf", "present", "absent", "default", "ggufDefault", "null", "perLayer", "listed",
      "ranked", "length", "ggufLess",
    ])
    config = try reader["config"]?.strings() ?? []
    func templates(_ keys: [String]) throws(ModelError) -> [NameTemplate] {
      var templates: [NameTemplate] = []
      for key in keys {
        let text = DeclarationReader(.string(key), name: name, path: reader.path)
        templates.append(try NameTemplate(text))
      }
      return templates
    }
    gguf = try templates(reader["gguf"]?.strings() ?? [])
    ggufLess = try templates(reader["ggufLess"]?.strings() ?? [])
    present = try reader["present"]?.string()
    absent = try reader["absent"]?.string()
    fallback = try HyperparameterDeclaration.value(reader.member("default"))
    ggufFallback = try reader["ggufDefault"].map { (value) throws(ModelError) in
      try HyperparameterDeclaration.value(value)
    }
    null = try reader["null"].map { (null) throws(ModelError) in
      try HyperparameterDeclaration.value(null)
    }
    perLayer = try reader["perLayer"]?.expression()
    listed = try reader["listed"]?.strings() ?? []
    ranked = try reader["ranked"]?.strings() ?? []
    length = try reader["length"]?.strings() ?? []
    guard perLayer != nil || (listed + ranked).isEmpty else {
      throw reader.error("expected 'perLayer' beside 'listed' and 'ranked'")
    }
    guard perLayer == nil || present == nil && absent == nil else {
      throw reader.error("tensors say nothing of single layers")
    }
  }

  /// A text is itself; after an equals sign it is a formula.
  private static func value(_ reader: DeclarationReader) throws(ModelError) -> Expression {
    guard case .string(let text) = reader.json else { return try reader.expression() }
    let formula = text.first == "=" ? String(text.dropFirst()) : "'\(text)'"
    return try DeclarationReader(.string(formula), name: reader.name, path: reader.path)
      .expression()
  }
}
