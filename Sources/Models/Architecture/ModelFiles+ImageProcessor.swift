// SPDX-License-Identifier: Apache-2.0

import Notation

extension ModelFiles {
  /// The settings of the image processor in a Hugging Face folder, and the file that has them.
  ///
  /// Transformers 5 keeps them in `processor_config.json` under `image_processor`; where both are
  /// there, these count before `preprocessor_config.json`, as they do for Transformers.
  ///
  /// - Throws: ``ModelError`` if there are none.
  func imageProcessorSettings() throws(ModelError) -> (json: JSON, path: String) {
    let whole = folder + "/processor_config.json"
    if let own = try JSONFile.readIfPresent(whole)?["image_processor"], own.object != nil {
      return (own, whole)
    }
    let path = folder + "/preprocessor_config.json"
    return (try JSONFile.read(path), path)
  }
}
