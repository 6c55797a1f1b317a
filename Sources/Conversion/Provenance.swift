// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Models
import Quantization

/// What an output says about how it was made.
///
/// Neither time nor path is in it, so that the same input gives the same bytes.
package enum Provenance {
  /// The version of this program.
  package static let version = "0.1.0"

  /// Adds the keys `pare.*`; safetensors can hold nothing but strings.
  static func append(
    to metadata: inout GGUFMetadata, of container: Checkpoint.Container, recipe: String,
    model: Model, importance: Importance? = nil
  ) {
    let checksums = model.files.checksums
    metadata["pare.version"] = .string(version)
    metadata["pare.recipe"] = .string(recipe)
    if let importance { metadata["pare.calibration"] = .string(importance.label) }
    metadata[Architecture.originKey] = .string(model.architecture.name)
    metadata[ModelFiles.checksumsKey] =
      container == .gguf
      ? .array(GGUFArray(checksums)) : .string(checksums.joined(separator: "\n"))
  }

  /// What a safetensors file says of itself.
  ///
  /// - Parameters:
  ///   - format: For loaders, which look at nothing else: `pt` or `mlx`.
  ///   - recipe: How its weights were made.
  ///   - model: Its source.
  ///   - importance: What its errors were weighted by, if they were.
  /// - Returns: Keys and strings.
  static func metadata(
    format: String, recipe: String, model: Model, importance: Importance? = nil
  ) -> GGUFMetadata {
    var metadata: GGUFMetadata = ["format": .string(format)]
    append(
      to: &metadata, of: .safetensors, recipe: recipe, model: model, importance: importance)
    return metadata
  }
}
