// SPDX-License-Identifier: Apache-2.0

import Notation
import Tokenizers

/// One part of a model as data: how to recognise it, its numbers, its steps and their tensors.
///
/// Schema: `Formats/Architectures/README.md`.
package struct PartDeclaration: Sendable {
  package enum Kind: String, Sendable, CaseIterable {
    case vision, connector, language
  }

  /// A tensor that a checkpoint may hold and that is not needed, and why.
  struct Ignored: Sendable {
    /// A name in which `*` stands for any text, with formulas in braces.
    let pattern: NameTemplate
    /// How often the name is meant, `index` counting from 0; nil for once.
    let repetitions: Expression?
    let reason: String
    let condition: Expression?
    /// Whether loaders ask for it although they do not use it.
    let isKept: Bool
  }

  /// A condition that a model must meet, and what to say if it does not.
  struct Requirement: Sendable {
    let condition: Expression
    /// How many layers must meet it, each; nil for a condition on the whole part.
    let perLayer: Expression?
    let sentence: String
  }

  /// What a GGUF file says about this part.
  struct GGUF: Sendable {
    /// A metadata key with the formula of its value.
    struct Entry: Sendable {
      enum ValueType: String, CaseIterable { case u32, f32, bool, string, i32s, bools }
      let key: NameTemplate
      let type: ValueType
      /// One, or for a list one an element.
      let values: [Expression]
      let condition: Expression?
      /// How many layers have a number each in a list; nil for one value.
      let perLayer: Expression?
    }

    let architecture: Expression
    let requirements: [Requirement]
    let entries: [Entry]
    /// The kind of vocabulary that engines want of a decoder that merges characters; nil for the usual.
    let vocabulary: Vocabulary.Model?
  }

  package let identity: PartIdentity
  let hyperparameters: [HyperparameterDeclaration]
  /// What a model must meet to be computed.
  let requirements: [Requirement]
  let gguf: GGUF
  let mlx: MLXDeclaration
  /// What other programs do otherwise.
  let notes: [EngineNote]
  let ignored: [Ignored]
  /// Ways to name the tensors of a part that is a whole model; none for its own names alone.
  let names: [Composition.PrefixMap]
  /// Ends of tensors' names with those that old checkpoints have in their place.
  let formerEndings: [(ending: String, former: String)]
  let steps: [StepDeclaration]

  package var name: String { identity.name }
  package var kind: Kind { identity.kind }

  init(_ reader: DeclarationReader) throws(ModelError) {
    try reader.allow([
      "name", "about", "part", "extends", "changes", "match", "hyperparameters", "requires", "gguf",
      "mlx", "notes", "ignored", "names", "formerly", "steps",
    ])
    identity = try PartIdentity(reader)
    var hyperparameters: [HyperparameterDeclaration] = []
    for (key, value) in try reader.member("hyperparameters").members() {
      hyperparameters.append(try HyperparameterDeclaration(value, name: key))
    }
    self.hyperparameters = hyperparameters
    requirements = try Requirement.list(reader["requires"])
    gguf = try GGUF(reader.member("gguf"))
    mlx = try MLXDeclaration(reader["mlx"])
    notes = try EngineNote.list(reader["notes"])
    var ignored: [Ignored] = []
    for entry in try reader["ignored"]?.elements() ?? [] {
      try entry.allow(["name", "because", "when", "kept", "repeat"])
      ignored.append(
        Ignored(
          pattern: try NameTemplate(entry.member("name")),
          repetitions: try entry["repeat"]?.expression(),
          reason: try entry.member("because").string(), condition: try entry["when"]?.expression(),
          isKept: try entry["kept"]?.bool() ?? false))
    }
    self.ignored = ignored
    names = try (reader["names"]?.elements() ?? []).map { (way) throws(ModelError) in
      try Composition.Member.map(way)
    }
    var endings: [(ending: String, former: String)] = []
    for (ending, former) in try reader["formerly"]?.members() ?? [] {
      endings.append((ending, try former.string()))
    }
    formerEndings = endings
    steps = try StepDeclaration.list(reader.member("steps"))
  }
}

extension PartDeclaration {
  /// What old checkpoints call tensors; none if that is no other name.
  func formerNames(of names: [String]) -> [String] {
    guard
      let rule = formerEndings.first(where: { rule in
        names.allSatisfy { $0.hasSuffix(rule.ending) }
      })
    else { return [] }
    return names.map { $0.dropLast(rule.ending.count) + rule.former }
  }
}

extension PartDeclaration.Ignored {
  /// The names with their formulas filled in; none where the condition does not hold.
  func patterns(
    _ values: [String: Expression.Value]
  ) throws(Expression.Failure) -> [String] {
    if let condition, try !condition.bool(values) { return [] }
    let count = try repetitions?.integer(values) ?? 1
    var patterns: [String] = []
    for index in 0..<max(0, min(count, Part.maximumRepetitions)) {
      var own = values
      own["index"] = .number(Double(index))
      patterns.append(try pattern.name(own))
    }
    return patterns
  }
}

extension PartDeclaration.Requirement {
  static func list(_ reader: DeclarationReader?) throws(ModelError) -> [Self] {
    var requirements: [Self] = []
    for entry in try reader?.elements() ?? [] {
      try entry.allow(["that", "perLayer", "else"])
      requirements.append(
        Self(
          condition: try entry.member("that").expression(),
          perLayer: try entry["perLayer"]?.expression(),
          sentence: try entry.member("else").string()))
    }
    return requirements
  }

  /// Whether a part, or each of its layers, meets the condition.
  func holds(
    _ values: [String: Expression.Value], in declaration: PartDeclaration
  ) throws(Expression.Failure) -> Bool {
    guard let perLayer else { return try condition.bool(values) }
    for layer in 0..<max(0, min(try perLayer.integer(values), Part.maximumRepetitions)) {
      let own = Part.layerValues(values, of: layer, in: declaration)
      guard try condition.bool(own) else { return false }
    }
    return true
  }
}

extension PartDeclaration.GGUF {
  init(_ reader: DeclarationReader) throws(ModelError) {
    try reader.allow(["architecture", "requires", "metadata", "vocabulary"])
    vocabulary = try reader["vocabulary"].map { (name) throws(ModelError) in
      let model = Vocabulary.Model.characterBPE
      guard try name.string() == model.rawValue else {
        throw name.error("expected \(model.rawValue)")
      }
      return model
    }
    architecture = try reader.member("architecture").expression()
    requirements = try PartDeclaration.Requirement.list(reader["requires"])
    var entries: [Entry] = []
    for (key, value) in try reader["metadata"]?.members() ?? [] {
      try value.allow(["u32", "f32", "bool", "string", "i32s", "bools", "when", "perLayer"])
      for type in Entry.ValueType.allCases {
        guard let formula = value[type.rawValue] else { continue }
        let template = DeclarationReader(.string(key), name: value.name, path: value.path)
        var values: [Expression] = []
        if type == .i32s, formula.json.array != nil {
          for element in try formula.elements() { values.append(try element.expression()) }
        } else {
          values = [try formula.expression()]
        }
        entries.append(
          Entry(
            key: try NameTemplate(template), type: type, values: values,
            condition: try value["when"]?.expression(),
            perLayer: try value["perLayer"]?.expression()))
      }
    }
    self.entries = entries
  }
}
