// SPDX-License-Identifier: Apache-2.0

import Notation

/// The steps of processors that have a rule of their own for the size of images.
///
/// - Source: transformers 5, the image processors of Qwen2-VL, Idefics 3, GOT-OCR 2, LLaVA-NeXT,
///   Pixtral, LFM2-VL and Gemma 4 (behaviour).
extension ProcessorConfiguration {
  /// - Throws: ``ImageError/configuration(name:key:expected:found:)`` with the offending key.
  func sizing(_ defaults: ProcessorDefaults) throws(ImageError) -> [ImageStep] {
    let filter = try filter("resample") ?? defaults.resample
    let resizes = try flag("do_resize") ?? true
    switch defaults.sizing {
    case .whole: return []
    case .merged: return resizes ? [.resize(try merged(defaults), filter)] : []
    case .longestEdge: return try longestEdge(defaults, filter: filter, resizes: resizes)
    case .proportions: return try proportions(defaults, filter: filter, resizes: resizes)
    case .canvases: return [.fit(try canvases(defaults), filter)]
    case .patches: return resizes ? [.resize(try patches(defaults), filter)] : []
    case .tokens: return [try tokens(filter: filter)]
    case .budget: return resizes ? [.resize(try budget(), filter)] : []
    case .subImages: return [.fit(try subImages(defaults, resizes: resizes), filter)]
    }
  }

  /// A whole number of at least 1 under the first dotted path that is there.
  func count(_ keys: String...) throws(ImageError) -> Int? {
    for key in keys {
      guard let value = json.value(at: key), !value.isNull else { continue }
      guard let count = value.integer, count >= 1 else {
        throw refused(key, "a whole number of at least 1", value)
      }
      return count
    }
    return nil
  }

  private func merged(_ defaults: ProcessorDefaults) throws(ImageError) -> ResizeTarget {
    guard case .rounded(_, let pixels, _) = defaults.size else { return defaults.size }
    let patch = try count("patch_size") ?? 14
    let side = try count("merge_size") ?? 2
    let least =
      try count("min_pixels", "size.min_pixels", "size.shortest_edge") ?? pixels.lowerBound
    let most =
      try count("max_pixels", "size.max_pixels", "size.longest_edge") ?? pixels.upperBound
    guard least <= most, most <= Image.maximumPixels else {
      throw refused(
        "max_pixels", "a number from \(least) to \(Image.maximumPixels)", "\(most)")
    }
    let (factor, isTooLarge) = patch.multipliedReportingOverflow(by: side)
    guard !isTooLarge, factor <= Image.maximumDimension else {
      throw refused("patch_size", "a patch that fits an image", "\(patch)")
    }
    return .rounded(factor: factor, pixels: least...most)
  }

  private func longestEdge(
    _ defaults: ProcessorDefaults, filter: ResamplingFilter, resizes: Bool
  ) throws(ImageError) -> [ImageStep] {
    guard case .evenLongestEdge(let edge, let limit) = defaults.size else { return [] }
    let tile = try count("max_image_size.longest_edge") ?? 364
    var steps: [ImageStep] = []
    if resizes {
      if let size = try size("size") {
        steps.append(.resize(.exact(width: size.width, height: size.height), filter))
      } else {
        let edge = try count("size.longest_edge") ?? edge
        steps.append(.resize(.evenLongestEdge(edge, limit: limit), filter))
      }
    }
    guard try flag("do_image_splitting") ?? true else {
      return steps + [.resize(.exact(width: tile, height: tile), filter)]
    }
    return steps + [
      .resize(.multiples(of: tile), filter), .split(width: tile, height: tile, filter),
    ]
  }

  private func proportions(
    _ defaults: ProcessorDefaults, filter: ResamplingFilter, resizes: Bool
  ) throws(ImageError) -> [ImageStep] {
    let target = try target("size", isSquare: true) ?? defaults.size
    guard case .exact(let width, let height) = target else {
      throw refused("size", "height and width", json["size"] ?? .null)
    }
    guard try flag("crop_to_patches") ?? false else {
      return resizes ? [.resize(target, filter)] : []
    }
    let counts = try patchBounds(least: 1, most: 12)
    return [.tile(TileChoice(width: width, height: height, counts: counts), filter)]
  }

  /// Whole squares of patches, as many as become one token.
  private func patches(_ defaults: ProcessorDefaults) throws(ImageError) -> ResizeTarget {
    guard case .patches(let ownPatch, let ownSize) = defaults.size else { return defaults.size }
    var most = ownSize
    if let edge = try count("size.longest_edge") {
      most = PixelSize(width: edge, height: edge)
    } else if let size = try size("size") {
      most = PixelSize(width: size.width, height: size.height)
    } else if let value = member("size") {
      throw refused("size", "longest_edge, or height and width", value)
    }
    let patch = try size("patch_size") ?? (ownPatch, ownPatch)
    guard patch.width == patch.height else {
      throw refused("patch_size", "a square", json["patch_size"] ?? .null)
    }
    let side = try count("spatial_merge_size") ?? 1
    let (edge, isTooLarge) = patch.width.multipliedReportingOverflow(by: side)
    guard !isTooLarge, edge <= Image.maximumDimension else {
      throw refused("patch_size", "a patch that fits an image", "\(patch.width)")
    }
    return .patches(of: edge, within: most)
  }

  /// As many squares of patches as there may be tokens.
  private func budget() throws(ImageError) -> ResizeTarget {
    let patch = try count("patch_size") ?? 16
    let side = try count("pooling_kernel_size") ?? 3
    let tokens = try count("max_soft_tokens") ?? 280
    let (factor, isTooWide) = patch.multipliedReportingOverflow(by: side)
    guard !isTooWide, factor <= Image.maximumDimension else {
      throw refused("patch_size", "a patch that fits an image", "\(patch)")
    }
    let (pixels, isTooLarge) = tokens.multipliedReportingOverflow(by: factor * factor)
    guard !isTooLarge, pixels <= Image.maximumPixels else {
      throw refused("max_soft_tokens", "at most \(Image.maximumPixels) pixels", "\(tokens)")
    }
    return .budget(factor: factor, pixels: pixels)
  }

  /// Canvases of tiles that are as large as the overview.
  private func canvases(_ defaults: ProcessorDefaults) throws(ImageError) -> CanvasChoice {
    let overview: PixelSize
    switch try target("size", isSquare: false) ?? defaults.size {
    case .shortestEdge(let edge): overview = PixelSize(width: edge, height: edge)
    case .exact(let width, let height): overview = PixelSize(width: width, height: height)
    default: throw refused("size", "shortest_edge, or height and width", json["size"] ?? .null)
    }
    let crops = try flag("do_center_crop") ?? true
    let edge = defaults.cropEdge ?? overview.width
    let crop = try size("crop_size") ?? (crops ? (edge, edge) : (overview.width, overview.height))
    guard crop == (overview.width, overview.height), overview.width == overview.height else {
      throw refused(
        "crop_size", "a square as large as size", json["crop_size"] ?? .null)
    }
    return CanvasChoice(
      canvases: try pinpoints() ?? ProcessorDefaults.canvases, tile: overview.width)
  }

  /// The canvases that a list names; nil without it.
  private func pinpoints() throws(ImageError) -> [PixelSize]? {
    guard let value = member("image_grid_pinpoints") else { return nil }
    let sizes = (value.array ?? []).compactMap { entry -> PixelSize? in
      let edges = (entry.array ?? []).compactMap(\.integer)
      guard edges.count == 2, entry.array?.count == 2 else { return nil }
      return PixelSize(width: edges[1], height: edges[0])
    }
    guard sizes.count == value.array?.count else {
      throw refused("image_grid_pinpoints", "a list of [height, width]", value)
    }
    return sizes
  }

  /// MM1's tiles: those of a list, or all arrangements of so many; or the whole image as one.
  ///
  /// - Source: Formats/images.md, MM1.
  private func subImages(
    _ defaults: ProcessorDefaults, resizes: Bool
  ) throws(ImageError) -> CanvasChoice {
    guard resizes else { throw refused("do_resize", "true", "false") }
    guard case .exact(let tile, let height) = try target("size", isSquare: true) ?? defaults.size,
      tile == height
    else { throw refused("size", "a square", json["size"] ?? .null) }
    var canvases = [PixelSize(width: tile, height: tile)]
    if try flag("do_image_splitting") ?? true {
      let bounds = try patchBounds(least: 4, most: 9)
      let arrangements = TileChoice(width: tile, height: tile, counts: bounds).arrangements
      canvases =
        try pinpoints()
        ?? arrangements.map { PixelSize(width: tile * $0.columns, height: tile * $0.rows) }
    }
    var overview = TileLayout.Overview.last
    if let value = member("overview") {
      guard let place = value.string.flatMap(TileLayout.Overview.init) else {
        throw refused("overview", "first or last", value)
      }
      overview = place
    }
    return CanvasChoice(
      canvases: canvases, tile: tile, rule: .leastBorder, overview: overview, fitsOverview: true,
      stretches: !(try flag("do_pad") ?? true))
  }

  /// The fewest and the most tiles.
  private func patchBounds(least: Int, most: Int) throws(ImageError) -> ClosedRange<Int> {
    let (least, most) = (try count("min_patches") ?? least, try count("max_patches") ?? most)
    guard least <= most, most <= TileChoice.maximumCount else {
      throw refused(
        "max_patches", "a number from \(least) to \(TileChoice.maximumCount)", "\(most)")
    }
    return least...most
  }
}
