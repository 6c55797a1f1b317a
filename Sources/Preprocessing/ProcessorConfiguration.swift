// SPDX-License-Identifier: Apache-2.0

import Notation

/// Reads the members of a `preprocessor_config.json`; a member that is absent or null is nil.
struct ProcessorConfiguration {
  let json: JSON
  let name: String

  /// Keys with an effect that is followed.
  private static let understood: Set<String> = [
    "image_processor_type", "feature_extractor_type", "do_resize", "size", "resample",
    "do_center_crop", "crop_size", "do_rescale", "rescale_factor", "do_normalize", "image_mean",
    "image_std", "do_convert_rgb", "do_pad", "pad_size", "default_to_square",
  ]
  /// Those of processors with a rule of their own for sizes.
  private static func understood(
    by sizing: ProcessorDefaults.Sizing
  ) -> Set<String> {
    switch sizing {
    case .whole: []
    case .merged:
      ["min_pixels", "max_pixels", "patch_size", "temporal_patch_size", "merge_size"]
    case .longestEdge:
      ["max_image_size", "do_image_splitting", "return_row_col_info", "video_sampling"]
    case .proportions: ["crop_to_patches", "min_patches", "max_patches"]
    case .canvases: ["image_grid_pinpoints", "aspect_ratio_setting"]
    case .patches: ["patch_size", "spatial_merge_size"]
    case .tokens:
      [
        "downsample_factor", "do_image_splitting", "min_tiles", "max_tiles", "use_thumbnail",
        "min_image_tokens", "max_image_tokens", "encoder_patch_size", "tile_size",
        "max_pixels_tolerance", "return_row_col_info", "max_num_patches",
      ]
    case .budget: ["patch_size", "max_soft_tokens", "pooling_kernel_size"]
    case .subImages:
      ["do_image_splitting", "min_patches", "max_patches", "image_grid_pinpoints", "overview"]
    }
  }

  /// Keys without an effect on the pixels.
  private static let idle: Set<String> = [
    "processor_class", "_valid_processor_keys", "_processor_class", "_commit_hash",
    "name_or_path", "data_format", "input_data_format", "return_tensors", "device",
    "disable_grouping", "image_seq_length", "backend",
  ]

  var type: String? {
    (json["image_processor_type"] ?? json["feature_extractor_type"])?.string
  }

  /// Refuses what would be passed over: a switch that is off, or null, has nothing to say.
  ///
  /// - Throws: ``ImageError/configuration(name:key:expected:found:)`` with the first such key.
  func checkKeys() throws(ImageError) {
    guard let object = json.object else { throw refused("configuration", "an object", json) }
    let own = ProcessorConfiguration.understood(
      by: type.flatMap(ProcessorDefaults.named)?.sizing ?? .whole)
    for (key, value) in object
    where !ProcessorConfiguration.understood.contains(key)
      && !ProcessorConfiguration.idle.contains(key) && !own.contains(key)
      && !value.isNull && value.bool != false
    {
      let kind = type.map { "a \($0)" } ?? "an image processor of no stated type"
      throw refused(
        key, "a processor that resizes, crops, pads, rescales and normalizes",
        "\(value.text()), a step of \(kind) that this program does not know")
    }
  }

  func flag(_ key: String) throws(ImageError) -> Bool? {
    guard let value = member(key) else { return nil }
    guard let flag = value.bool else { throw refused(key, "true or false", value) }
    return flag
  }

  func number(_ key: String) throws(ImageError) -> Double? {
    guard let value = member(key) else { return nil }
    guard let number = value.number else { throw refused(key, "a number", value) }
    return number
  }

  func filter(_ key: String) throws(ImageError) -> ResamplingFilter? {
    guard let value = member(key) else { return nil }
    guard let filter = value.integer.flatMap(ResamplingFilter.init) else {
      throw refused(key, "a filter of Pillow from 0 to 5", value)
    }
    return filter
  }

  /// One number a channel; a single number stands for all three.
  func channels(_ key: String) throws(ImageError) -> [Double]? {
    guard let value = member(key) else { return nil }
    if let number = value.number { return [number, number, number] }
    let numbers = (value.array ?? []).compactMap(\.number)
    guard numbers.count == 3, value.array?.count == 3 else {
      throw refused(key, "three numbers", value)
    }
    return numbers
  }

  /// The size to resize to: a number, `[height, width]`, or named edges.
  func target(_ key: String, isSquare: Bool) throws(ImageError) -> ResizeTarget? {
    guard let value = member(key) else { return nil }
    if let edge = value.integer {
      let length = try checked(edge, key)
      return isSquare ? .exact(width: length, height: length) : .shortestEdge(length)
    }
    if let size = try size(key) { return .exact(width: size.width, height: size.height) }
    let names = (value.object ?? JSON.Object()).filter { !$0.value.isNull }.map(\.key).sorted()
    switch names {
    case ["shortest_edge"]: return .shortestEdge(try edge(key, "shortest_edge"))
    case ["longest_edge", "shortest_edge"]:
      return .edges(
        shortest: try edge(key, "shortest_edge"), longest: try edge(key, "longest_edge"))
    case ["max_height", "max_width"]:
      return .within(width: try edge(key, "max_width"), height: try edge(key, "max_height"))
    default:
      throw refused(
        key,
        "a length, [height, width], or height and width, shortest_edge (with longest_edge), "
          + "or max_height and max_width", value)
    }
  }

  /// A size in both directions: a number for a square, `[height, width]`, or the two by name.
  ///
  /// - Returns: Nil also if the member is an object with other keys.
  func size(_ key: String) throws(ImageError) -> (width: Int, height: Int)? {
    guard let value = member(key) else { return nil }
    if let edge = value.integer {
      let length = try checked(edge, key)
      return (length, length)
    }
    if let pair = value.array {
      guard pair.count == 2, let height = pair[0].integer, let width = pair[1].integer else {
        throw refused(key, "[height, width]", value)
      }
      return (try checked(width, key), try checked(height, key))
    }
    let names = (value.object ?? JSON.Object()).filter { !$0.value.isNull }.map(\.key).sorted()
    guard names == ["height", "width"] else { return nil }
    return (try edge(key, "width"), try edge(key, "height"))
  }

  func refused(_ key: String, _ expected: String, _ found: JSON) -> ImageError {
    refused(key, expected, found.text())
  }

  func refused(_ key: String, _ expected: String, _ found: String) -> ImageError {
    .configuration(name: name, key: key, expected: expected, found: found)
  }

  func member(_ key: String) -> JSON? {
    guard let value = json[key], !value.isNull else { return nil }
    return value
  }

  private func edge(_ key: String, _ name: String) throws(ImageError) -> Int {
    guard let length = json[key]?[name]?.integer else {
      throw refused("\(key).\(name)", "a length", json[key]?[name] ?? .null)
    }
    return try checked(length, "\(key).\(name)")
  }

  private func checked(_ length: Int, _ key: String) throws(ImageError) -> Int {
    guard (1...Image.maximumDimension).contains(length) else {
      throw refused(key, "1 to \(Image.maximumDimension) pixels", "\(length)")
    }
    return length
  }
}
