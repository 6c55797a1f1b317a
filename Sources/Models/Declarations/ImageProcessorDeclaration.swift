// SPDX-License-Identifier: Apache-2.0

import Notation

/// What a whole model says of its image processor.
package struct ImageProcessorDeclaration: Sendable {
  /// The type that a GGUF of another program means, which does not say it.
  let type: String
  /// Settings that count whatever the processor's own file says.
  let settings: JSON.Object

  /// - Parameter reader: The member `imageProcessor` of a composition; nil for CLIP's.
  /// - Throws: ``ModelError`` for members that are not known, or of another kind.
  init(_ reader: DeclarationReader?) throws(ModelError) {
    try reader?.allow(["type", "settings"])
    type = try reader?["type"]?.string() ?? "CLIPImageProcessor"
    var settings = JSON.Object()
    for (key, value) in try reader?["settings"]?.members() ?? [] { settings[key] = value.json }
    self.settings = settings
  }

  /// A configuration with the settings in the place of its own.
  func completing(_ configuration: JSON) -> JSON {
    settings.reduce(configuration) { $0.setting($1.key, to: $1.value) }
  }
}
