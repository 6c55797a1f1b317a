// SPDX-License-Identifier: Apache-2.0

package import Notation

/// What folders for MLX say otherwise than the checkpoints that they are made of.
struct MLXDeclaration: Sendable {
  /// A member of the part's configuration as MLX's loaders look for it.
  struct Setting: Sendable {
    enum Source: Sendable {
      case formula(Expression)
      /// A list with a value for each of so many layers.
      case layers(Expression, count: Expression)
      /// What stands under another path of the part's configuration, if anything does.
      case copy(String)
      case null
    }

    /// A dotted path; `.` for all members that are not there of the object that is copied.
    let path: String
    let source: Source
    let condition: Expression?
    /// Whether it is set only where nothing stands there.
    let isFallback: Bool
  }

  /// How tensors are named where the part is the whole model; nil for the same way as elsewhere.
  let names: Composition.PrefixMap?
  let settings: [Setting]

  /// - Parameter reader: The member `mlx` of a part; nil for nothing.
  /// - Throws: ``ModelError`` for a member that is not known, or no formula.
  init(_ reader: DeclarationReader?) throws(ModelError) {
    try reader?.allow(["names", "config"])
    names = try reader?["names"].map { (map) throws(ModelError) in
      try Composition.Member.map(map)
    }
    var settings: [Setting] = []
    for entry in try reader?["config"]?.elements() ?? [] { settings.append(try Setting(entry)) }
    self.settings = settings
  }
}

extension MLXDeclaration.Setting {
  init(_ reader: DeclarationReader) throws(ModelError) {
    try reader.allow(["set", "to", "copy", "when", "perLayer", "ifAbsent"])
    path = try reader.member("set").string()
    condition = try reader["when"]?.expression()
    isFallback = try reader["ifAbsent"]?.bool() ?? false
    if let copied = reader["copy"] {
      guard reader["to"] == nil, reader["perLayer"] == nil else {
        throw reader.error("expected 'copy' without 'to' and 'perLayer'")
      }
      source = .copy(try copied.string())
      return
    }
    guard !(try reader.member("to").json.isNull) else {
      source = .null
      return
    }
    let value = try reader.member("to").expression()
    source =
      try reader["perLayer"].map { (count) throws(ModelError) in
        .layers(value, count: try count.expression())
      } ?? .formula(value)
  }

  /// The member's value; nil where there is none.
  fileprivate func value(
    of part: Part?, _ values: [String: Expression.Value], in config: JSON
  ) throws(Expression.Failure) -> JSON? {
    if let condition, try !condition.bool(values) { return nil }
    if isFallback, let own = config.value(at: path), !own.isNull { return nil }
    switch source {
    case .copy(let path): return config.value(at: path)
    case .null: return .null
    case .formula(let formula): return JSON(try formula.value(values))
    case .layers(let formula, let count):
      var list: [JSON] = []
      for layer in 0..<max(0, min(try count.integer(values), Part.maximumRepetitions)) {
        let own = part.map { Part.layerValues(values, of: layer, in: $0.declaration) } ?? values
        list.append(JSON(try formula.value(own)))
      }
      return .array(list)
    }
  }
}

extension Model {
  /// What formulas that concern engines know: the part's hyperparameters, and whether it is the whole
  /// model.
  func values(of part: Part) -> [String: Expression.Value] {
    var values = part.values
    values["alone"] = .bool(architecture.parts.count == 1)
    return values
  }

  /// What formulas of the whole model know: the names of its parts.
  var partNames: [String: Expression.Value] {
    Dictionary(
      uniqueKeysWithValues: architecture.parts.map {
        ($0.kind.rawValue, .text($0.declaration.name))
      })
  }

  /// `config.json` with what MLX's loaders look for elsewhere, or take for granted otherwise.
  ///
  /// Formulas know, beside the part's hyperparameters, `alone`: whether it is the whole model.
  ///
  /// - Returns: The configuration; nil for a model of a container without one.
  /// - Throws: ``ModelError/declaration(name:sentence:)`` if a formula has no value.
  package func mlxConfiguration() throws(ModelError) -> JSON? {
    guard var config = files.config else { return nil }
    func set(
      _ settings: [MLXDeclaration.Setting], _ values: [String: Expression.Value], of part: Part?,
      in own: inout JSON
    ) throws(ModelError) {
      for setting in settings {
        do throws(Expression.Failure) {
          guard let value = try setting.value(of: part, values, in: own) else { continue }
          let place = setting.path.split(separator: ".")
          own =
            place.isEmpty ? own.completed(by: value) : own.setting(value, at: place[...])
        } catch {
          throw .declaration(
            name: part?.declaration.name ?? architecture.name,
            sentence: "mlx.config: \(setting.path): \(error)")
        }
      }
    }
    for part in architecture.parts where !part.declaration.mlx.settings.isEmpty {
      var own = config.value(at: part.configPath) ?? .object(JSON.Object())
      try set(part.declaration.mlx.settings, values(of: part), of: part, in: &own)
      config = config.setting(own, at: part.configPath.split(separator: ".")[...])
    }
    try set(architecture.composition?.mlx.settings ?? [], partNames, of: nil, in: &config)
    return config
  }
}

extension JSON {
  /// The same with the members of another object that are not there, or null.
  fileprivate func completed(by other: JSON) -> JSON {
    guard var object, let members = other.object else { return self }
    for (key, value) in members where object[key]?.isNull ?? true { object[key] = value }
    return .object(object)
  }

  /// The same with a value under a path; what is no object on the way becomes one.
  fileprivate func setting(_ value: JSON, at path: ArraySlice<Substring>) -> JSON {
    guard let first = path.first.map(String.init) else { return value }
    var object = self.object ?? JSON.Object()
    object[first] = (object[first] ?? .null).setting(value, at: path.dropFirst())
    return .object(object)
  }
}
