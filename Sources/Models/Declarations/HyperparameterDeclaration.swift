// SPDX-License-Identifier: Apache-2.0

import Notation

/// A number, text or truth value of a model, and where each container keeps it.
struct HyperparameterDeclaration: Sendable {
  let name: String
  /// Dotted paths in `config.json`; the first that is there counts.
  let config: [String]
  /// Keys of GGUF metadata; the first that is there counts.
  let gguf: [NameTemplate]
  /// In a GGUF, true if this tensor is there.
  let present: String?
  /// In a GGUF, true if this tensor is not there.
  let absent: String?
  /// What counts if nothing else does; computed from the hyperparameters before this one.
  let fallback: Expression

  init(_ reader: DeclarationReader, name: String) throws(ModelError) {
    self.name = name
    try reader.allow(["config", "gguf", "present", "absent", "default"])
    config = try reader["config"]?.strings() ?? []
    var keys: [NameTemplate] = []
    for key in try reader["gguf"]?.strings() ?? [] {
      keys.append(try NameTemplate(DeclarationReader(.string(key), name: name, path: reader.path)))
    }
    gguf = keys
    present = try reader["present"]?.string()
    absent = try reader["absent"]?.string()
    let value = try reader.member("default")
    // A text is itself; after an equals sign it is a formula.
    if case .string(let text) = value.json {
      let formula = text.first == "=" ? String(text.dropFirst()) : "'\(text)'"
      fallback = try DeclarationReader(
        .string(formula), name: reader.name, path: value.path
      ).expression()
    } else {
      fallback = try value.expression()
    }
  }
}
