// SPDX-License-Identifier: Apache-2.0

package import Notation

extension ImageProcessor {
  /// Reads a `preprocessor_config.json` of the CLIP family: CLIP, SigLIP, ViT, DeiT, BLIP, BiT and
  /// LLaVA, with the defaults of each, or any other type that says everything and asks for no
  /// step beyond those.
  ///
  /// - Parameters:
  ///   - configuration: The file's content.
  ///   - name: What messages call the file.
  ///   - arithmetic: How levels are resampled and normalised; nil for that of the type.
  /// - Throws: ``ImageError/configuration(name:key:expected:found:)`` with the offending key.
  package init(
    configuration: JSON, name: String = "preprocessor_config.json",
    arithmetic: ResamplingArithmetic? = nil
  ) throws(ImageError) {
    let reader = ProcessorConfiguration(json: configuration, name: name)
    try reader.checkKeys()
    let known = reader.type.flatMap(ProcessorDefaults.named)
    let defaults = known ?? .silent
    if known == nil { try ImageProcessor.checkCompleteness(reader) }

    var steps: [ImageStep] = []
    let mean = try reader.channels("image_mean") ?? defaults.mean
    let deviation = try reader.channels("image_std") ?? defaults.deviation
    let pads = try reader.flag("do_pad") ?? false
    if pads, defaults.padsToSquare { steps.append(.padToSquare(try color(mean, reader))) }
    if defaults.sizing != .whole {
      steps += try reader.sizing(defaults)
    } else if try reader.flag("do_resize") ?? true {
      let isSquare = try reader.flag("default_to_square") ?? defaults.isSquare
      steps.append(
        .resize(
          try reader.target("size", isSquare: isSquare) ?? defaults.size,
          try reader.filter("resample") ?? defaults.resample))
    }
    if defaults.sizing != .canvases, try reader.flag("do_center_crop") ?? (defaults.cropEdge != nil)
    {
      let size =
        reader.member("crop_size") == nil
        ? defaults.cropEdge.map { (width: $0, height: $0) } : try reader.size("crop_size")
      guard let size else {
        throw reader.refused("crop_size", "height and width", configuration["crop_size"] ?? .null)
      }
      steps.append(.centerCrop(width: size.width, height: size.height))
    }
    if try reader.flag("do_rescale") ?? true {
      steps.append(.rescale(try reader.number("rescale_factor") ?? 1 / 255))
    }
    if try reader.flag("do_normalize") ?? defaults.normalizes {
      steps.append(.normalize(mean: mean, deviation: deviation))
    }
    if pads, defaults.sizing == .whole, !defaults.padsToSquare,
      let value = reader.member("pad_size")
    {
      guard let size = try reader.size("pad_size") else {
        throw reader.refused("pad_size", "height and width", value)
      }
      steps.append(.padWithZeros(width: size.width, height: size.height))
    }
    try self.init(steps: steps, arithmetic: arithmetic ?? defaults.arithmetic)
  }
}

/// The colour around a LLaVA image: the mean, cut to whole levels.
private func color(
  _ mean: [Double], _ reader: ProcessorConfiguration
) throws(ImageError) -> Color {
  let levels = mean.compactMap { UInt8(exactly: ($0 * 255).rounded(.towardZero)) }
  guard levels.count == 3 else {
    throw reader.refused("image_mean", "three numbers from 0 to 1", "\(mean)")
  }
  return Color(red: levels[0], green: levels[1], blue: levels[2])
}

extension ImageProcessor {
  /// Refuses to guess what a processor of an unknown type does by default.
  fileprivate static func checkCompleteness(
    _ reader: ProcessorConfiguration
  ) throws(ImageError) {
    var needed: [String] = []
    if try reader.flag("do_resize") ?? true { needed += ["do_resize", "size", "resample"] }
    if try reader.flag("do_normalize") ?? true {
      needed += ["do_normalize", "image_mean", "image_std"]
    }
    for key in needed where reader.member(key) == nil {
      let type = reader.type ?? "none"
      throw reader.refused(key, "a value, as the defaults of this type are not known", type)
    }
  }
}
