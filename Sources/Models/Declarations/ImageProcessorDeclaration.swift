// SPDX-License-Identifier: Apache-2.0

import Notation

/// What a whole model says of its image processor.
package struct ImageProcessorDeclaration: Sendable {
  /// The type that a GGUF of another program means, which does not say it.
  let type: String
  /// Settings that count whatever the processor's own file says.
  let settings: JSON.Object
  /// Settings that the model's configuration decides, read from its top.
  let overrides: [HyperparameterDeclaration]

  /// - Parameter reader: The member `imageProcessor` of a composition; nil for CLIP's.
  /// - Throws: ``ModelError`` for members that are not known, or of another kind.
  init(_ reader: DeclarationReader?) throws(ModelError) {
    try reader?.allow(["type", "settings", "set"])
    type = try reader?["type"]?.string() ?? "CLIPImageProcessor"
    var settings = JSON.Object()
    for (key, value) in try reader?["settings"]?.members() ?? [] { settings[key] = value.json }
    self.settings = settings
    var overrides: [HyperparameterDeclaration] = []
    for (key, value) in try reader?["set"]?.members() ?? [] {
      overrides.append(try HyperparameterDeclaration(value, name: key))
    }
    self.overrides = overrides
  }

  /// A configuration with the settings in the place of its own.
  ///
  /// - Parameters:
  ///   - configuration: That of the processor.
  ///   - source: What the model says.
  /// - Returns: The configuration that counts.
  /// - Throws: ``ModelError`` for a value of the model that is of another kind.
  func completing(
    _ configuration: JSON, from source: HyperparameterSource
  ) throws(ModelError) -> JSON {
    var result = settings.reduce(configuration) { $0.setting($1.key, to: $1.value) }
    for parameter in overrides {
      switch try source.value(of: parameter, known: [:], in: "imageProcessor") {
      case .number(let number):
        result = result.setting(
          parameter.name, to: Int(exactly: number).map(JSON.integer) ?? .number(number))
      case .text(let text): result = result.setting(parameter.name, to: .string(text))
      case .bool(let bool): result = result.setting(parameter.name, to: .bool(bool))
      }
    }
    return result
  }
}
