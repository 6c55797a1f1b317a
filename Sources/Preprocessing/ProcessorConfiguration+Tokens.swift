// SPDX-License-Identifier: Apache-2.0

/// The step of processors that say how many tokens an image becomes.
///
/// - Source: transformers 5, `image_processing_lfm2_vl.py` (behaviour).
extension ProcessorConfiguration {
  /// Tiles for images that are too large by far, and for others, and overviews, a size with a
  /// number of tokens.
  ///
  /// - Parameter filter: By which images are resized.
  /// - Returns: The step.
  /// - Throws: ``ImageError/configuration(name:key:expected:found:)`` with the offending key.
  func tokens(filter: ResamplingFilter) throws(ImageError) -> ImageStep {
    let patch = try length("encoder_patch_size", default: 16)
    let factor = try length("downsample_factor", default: 2)
    let (side, isTooLarge) = patch.multipliedReportingOverflow(by: factor)
    guard !isTooLarge, side <= Image.maximumDimension else {
      throw refused("downsample_factor", "a token that fits an image", "\(factor)")
    }
    let least = try count("min_image_tokens") ?? 64
    let most = try count("max_image_tokens") ?? 256
    guard least <= most, most <= Image.maximumPixels / (side * side) else {
      throw refused(
        "max_image_tokens", "a number from \(least) to \(Image.maximumPixels / (side * side))",
        "\(most)")
    }
    let area = side * side
    let target = ResizeTarget.rounded(
      factor: side, pixels: least * area...most * area, takesStrips: true)
    guard let counts = try tileCounts() else { return .resize(target, filter) }
    guard try flag("use_thumbnail") ?? true else {
      throw refused("use_thumbnail", "true, for tiles without an overview are not known", "false")
    }
    let tile = try length("tile_size", default: 512)
    guard tile % side == 0 else {
      throw refused("tile_size", "a multiple of the \(side) pixels of a token", "\(tile)")
    }
    let tolerance = try number("max_pixels_tolerance") ?? 2
    guard tolerance.isFinite, tolerance >= 0 else {
      throw refused("max_pixels_tolerance", "a number of at least 0", "\(tolerance)")
    }
    return .tile(
      TileChoice(
        width: tile, height: tile, counts: counts,
        uncut: TileChoice.Uncut(
          target: target, factor: side, least: patch, most: Double(most * area) * tolerance)),
      filter)
  }

  /// The fewest and the most tiles; nil where images are not cut.
  private func tileCounts() throws(ImageError) -> ClosedRange<Int>? {
    guard try flag("do_image_splitting") ?? true else { return nil }
    let (least, most) = (try count("min_tiles") ?? 2, try count("max_tiles") ?? 10)
    guard least <= most, most <= TileChoice.maximumCount else {
      throw refused(
        "max_tiles", "a number from \(least) to \(TileChoice.maximumCount)", "\(most)")
    }
    return most == 1 ? nil : least...most
  }

  /// A number of pixels, or of patches in a line.
  private func length(_ key: String, default fallback: Int) throws(ImageError) -> Int {
    let length = try count(key) ?? fallback
    guard length <= Image.maximumDimension else {
      throw refused(key, "1 to \(Image.maximumDimension)", "\(length)")
    }
    return length
  }
}
