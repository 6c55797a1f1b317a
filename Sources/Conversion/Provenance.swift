// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Models

/// What an output says about how it was made.
///
/// Neither time nor path is in it, so that the same input gives the same bytes.
package enum Provenance {
  /// The version of this program.
  package static let version = "0.1.0"

  /// Adds the keys `pare.*`.
  static func append(to metadata: inout GGUFMetadata, recipe: String, model: Model) {
    metadata["pare.version"] = .string(version)
    metadata["pare.recipe"] = .string(recipe)
    metadata["pare.architecture"] = .string(model.architecture.name)
    metadata[ModelFiles.checksumsKey] = .array(GGUFArray(model.files.checksums))
  }
}
