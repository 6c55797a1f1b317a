// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Notation

/// All hyperparameters of a part, kept in a GGUF beside the usual keys where these do not say what it is.
///
/// Engines would compute something else from such a file, or do not know its encoder. It names an
/// architecture, or a projector, that none of them knows, so that they refuse it.
/// `Formats/gguf.md`
enum WholeSettings {
  /// The value of `general.architecture`, or of `clip.projector_type`.
  static let architecture = "pare"

  /// The key of the name of a part's declaration.
  static func declarationKey(_ kind: PartDeclaration.Kind) -> String { "pare.part.\(kind)" }

  /// The key of a part's hyperparameters, JSON by their names.
  static func settingsKey(_ kind: PartDeclaration.Kind) -> String { "pare.settings.\(kind)" }
}

extension Model {
  /// Whether engines would not compute what these parts compute from a GGUF's usual keys.
  ///
  /// The file has ``WholeSettings`` then, and all layers.
  ///
  /// - Throws: ``ModelError/declaration(name:sentence:)`` if a formula has no value.
  package func needsWholeSettings(
    for kinds: Set<PartDeclaration.Kind>
  ) throws(ModelError) -> Bool {
    for part in architecture.parts where kinds.contains(part.kind) {
      if try !part.ggufObstacles().isEmpty { return true }
    }
    return false
  }
}

extension Part {
  /// Why engines would compute something else from the usual keys of a GGUF; empty where they would not.
  ///
  /// - Throws: ``ModelError/declaration(name:sentence:)`` if a formula has no value.
  func ggufObstacles() throws(ModelError) -> [String] {
    var sentences: [String] = []
    for requirement in declaration.gguf.requirements {
      do throws(Expression.Failure) {
        guard try !requirement.holds(values, in: declaration) else { continue }
      } catch {
        throw .declaration(name: declaration.name, sentence: "gguf.requires: \(error)")
      }
      sentences.append(requirement.sentence)
    }
    return sentences
  }

  /// Adds the name of the declaration, and all hyperparameters but those that tensors tell.
  func appendWholeSettings(to metadata: inout GGUFMetadata) {
    var settings = JSON.Object()
    for parameter in declaration.hyperparameters where !parameter.isToldByTensors {
      var names = [parameter.name]
      if parameter.perLayer != nil {
        // As many as there are.
        for layer in 0..<Part.maximumRepetitions {
          let name = parameter.key(ofLayer: layer)
          guard values[name] != nil else { break }
          names.append(name)
        }
      }
      for name in names { settings[name] = values[name].map(JSON.init) }
    }
    metadata[WholeSettings.declarationKey(kind)] = .string(declaration.name)
    metadata[WholeSettings.settingsKey(kind)] = .string(JSON.object(settings).text())
  }
}

extension HyperparameterDeclaration {
  /// Whether a GGUF says it by the tensors that it holds.
  var isToldByTensors: Bool { present != nil || absent != nil }
}

extension GGUFMetadata {
  /// What ``Part/appendWholeSettings(to:)`` has kept of a part; nothing where it did not.
  ///
  /// - Throws: ``ModelError/configuration(path:key:sentence:)`` for anything but texts, numbers and
  ///   truth values by their names.
  func wholeSettings(
    of kind: PartDeclaration.Kind, path: String
  ) throws(ModelError) -> [String: Expression.Value] {
    let key = WholeSettings.settingsKey(kind)
    guard let text = self[key]?.string else { return [:] }
    let object: JSON.Object?
    do throws(JSONError) { object = try JSON(parsing: text).object } catch {
      throw .configuration(path: path, key: key, sentence: "\(error)")
    }
    guard let object else {
      throw .configuration(path: path, key: key, sentence: "expected values by their names")
    }
    var values: [String: Expression.Value] = [:]
    for (name, json) in object {
      guard let value = Expression.Value(json) else {
        throw .configuration(
          path: path, key: key, sentence: "\(name): expected a number, a text, true or false")
      }
      values[name] = value
    }
    return values
  }
}
