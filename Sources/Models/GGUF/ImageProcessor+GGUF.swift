// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Notation
import Preprocessing

extension ImageProcessor {
  /// The key under which a GGUF of this program keeps the text of `preprocessor_config.json`.
  static let metadataKey = "pare.image_processor"

  /// Reads the image processor of a model: what its folder says, or what a GGUF says.
  ///
  /// - Parameters:
  ///   - files: The model's.
  ///   - declaration: What the architecture says of it.
  ///   - arithmetic: How levels are resampled and normalised; nil for that of the processor's type.
  /// - Throws: ``ModelError`` for a processor that is missing, or cannot be followed.
  init(
    of files: ModelFiles, as declaration: ImageProcessorDeclaration,
    arithmetic: ResamplingArithmetic? = nil
  ) throws(ModelError) {
    let path: String
    let configuration: JSON
    let source: HyperparameterSource
    if let projector = files.projector {
      path = projector.path
      source = HyperparameterSource(
        origin: .gguf(
          projector.metadata, architecture: "clip", hasTensor: { projector[$0] != nil }),
        path: path)
      configuration = try convertingErrors { () throws(ImageError) in
        try ImageProcessor.configuration(of: projector, type: declaration.type)
      }
    } else {
      source = HyperparameterSource(
        origin: .config(files.config ?? .object(JSON.Object())), path: files.configPath)
      (configuration, path) = try files.imageProcessorSettings()
    }
    let completed = try declaration.completing(configuration, from: source)
    self = try convertingErrors { () throws(ImageError) in
      try ImageProcessor(configuration: completed, name: path, arithmetic: arithmetic)
    }
  }

  /// The configuration in a GGUF; for files of other programs, that of a type with the file's
  /// numbers.
  private static func configuration(
    of projector: Checkpoint, type: String
  ) throws(ImageError) -> JSON {
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
    var result = JSON.Object()
    result["image_processor_type"] = .string(type)
    result["image_mean"] = .array(mean.map(JSON.number))
    result["image_std"] = .array(deviation.map(JSON.number))
    let square: JSON = ["height": .integer(size), "width": .integer(size)]
    if type == "CLIPImageProcessor" {
      result["size"] = ["shortest_edge": .integer(size)]
      result["crop_size"] = square
    } else if let edge = metadata[longestEdgeKey]?.integer {
      result["size"] = ["longest_edge": .integer(edge)]
      result["max_image_size"] = ["longest_edge": .integer(size)]
    } else {
      result["size"] = square
    }
    if let most = metadata[mostTilesKey]?.integer {
      result["crop_to_patches"] = true
      result["min_patches"] = .integer(metadata[leastTilesKey]?.integer ?? 1)
      result["max_patches"] = .integer(most)
    }
    return .object(result)
  }

  private static let longestEdgeKey = "clip.vision.preproc_image_size"
  private static let leastTilesKey = "clip.vision.preproc_min_tiles"
  private static let mostTilesKey = "clip.vision.preproc_max_tiles"

  /// What engines must know of the way in which images are cut.
  var tilingMetadata: GGUFMetadata {
    var metadata = GGUFMetadata()
    func set(_ key: String, _ number: Int) {
      metadata[key] = UInt32(exactly: number).map(GGUFValue.uint32)
    }
    for step in steps {
      switch step {
      case .resize(.evenLongestEdge(let edge, _), _): set(Self.longestEdgeKey, edge)
      case .tile(let choice, _):
        set(Self.leastTilesKey, choice.counts.lowerBound)
        set(Self.mostTilesKey, choice.counts.upperBound)
      default: break
      }
    }
    return metadata
  }
}
