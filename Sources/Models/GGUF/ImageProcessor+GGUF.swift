// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Notation
package import Preprocessing

extension ImageProcessor {
  /// The key under which a GGUF of this program keeps the text of `preprocessor_config.json`.
  static let metadataKey = "pare.image_processor"

  /// Reads the image processor of a model: `preprocessor_config.json`, or what a GGUF says.
  package init(of files: ModelFiles) throws(ModelError) {
    if let projector = files.projector {
      self = try convertingErrors { () throws(ImageError) in
        try ImageProcessor(
          configuration: try ImageProcessor.configuration(of: projector), name: projector.path)
      }
    } else {
      let path = files.folder + "/preprocessor_config.json"
      let json = try JSONFile.read(path)
      self = try convertingErrors { () throws(ImageError) in
        try ImageProcessor(configuration: json, name: path)
      }
    }
  }

  /// The configuration in a GGUF; for files of other programs, CLIP's with the file's numbers.
  private static func configuration(of projector: Checkpoint) throws(ImageError) -> JSON {
    let metadata = projector.metadata
    if let text = metadata[metadataKey]?.string {
      do throws(JSONError) { return try JSON(parsing: text) } catch {
        throw .configuration(
          name: projector.path, key: metadataKey, expected: "JSON", found: "\(error)")
      }
    }
    guard let size = metadata["clip.vision.image_size"]?.integer,
      let mean = metadata["clip.vision.image_mean"]?.numbers,
      let deviation = metadata["clip.vision.image_std"]?.numbers
    else {
      throw .configuration(
        name: projector.path, key: "clip.vision.image_size, image_mean, image_std",
        expected: "numbers", found: "nothing")
    }
    return [
      "image_processor_type": "CLIPImageProcessor",
      "size": ["shortest_edge": .integer(size)],
      "crop_size": ["height": .integer(size), "width": .integer(size)],
      "image_mean": .array(mean.map(JSON.number)),
      "image_std": .array(deviation.map(JSON.number)),
    ]
  }

  /// The mean and deviation of each channel, if the images are normalised.
  package var normalization: (mean: [Double], deviation: [Double])? {
    for case .normalize(let mean, let deviation) in steps { return (mean, deviation) }
    return nil
  }
}
