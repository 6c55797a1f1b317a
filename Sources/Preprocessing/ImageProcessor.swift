// SPDX-License-Identifier: Apache-2.0

/// Makes pixels of images as the processors of transformers do.
package struct ImageProcessor: Sendable, Hashable {
  /// What is done, in order: steps on pixels, then on numbers, then padding.
  package let steps: [ImageStep]
  /// How levels are resampled and normalised.
  package let arithmetic: ResamplingArithmetic

  /// Takes the steps as they are.
  ///
  /// - Parameters:
  ///   - steps: What is done, in order.
  ///   - arithmetic: How levels are resampled and normalised.
  /// - Throws: ``ImageError/steps(_:)`` if they stand in no order that can be followed, or name
  ///   impossible sizes, factors or channel counts, or a filter that the arithmetic has not.
  package init(
    steps: [ImageStep], arithmetic: ResamplingArithmetic = .pillow
  ) throws(ImageError) {
    for (step, next) in zip(steps, steps.dropFirst()) where next.stage < step.stage {
      throw .steps("\(next) cannot come after \(step); put it before")
    }
    for step in steps {
      try ImageProcessor.check(step)
      guard step.filter.map(arithmetic.has) ?? true else {
        throw .steps(
          "\(step): PyTorch has no such filter; name another, or resample as Pillow does")
      }
    }
    self.steps = steps
    self.arithmetic = arithmetic
  }

  /// The pixels of an image.
  ///
  /// - Parameters:
  ///   - image: What is seen.
  ///   - cuts: Whether the image may be cut into tiles; otherwise it becomes what its overview would be.
  /// - Returns: `[3, height, width]`, of tiles and overview one after the other. The same bits on
  ///   every machine.
  /// - Throws: ``ImageError/size(name:thing:width:height:)`` if a step would make an image without
  ///   pixels or with too many, or the frame is smaller than the image.
  package func pixels(
    of image: Image, cuts: Bool = true
  ) throws(ImageError) -> PixelTensor {
    var image = image
    var tiles: (layout: TileLayout, images: [Image])?
    var frame: (width: Int, height: Int)?
    for step in steps {
      switch step {
      case .padToSquare(let color): image = try image.paddedToSquare(color)
      case .resize(let target, let filter):
        let size = target.size(width: image.width, height: image.height)
        image = try resized(image, size.width, size.height, filter)
      case .centerCrop(let width, let height):
        image = try image.centerCropped(
          width: width, height: height, addsLessBefore: arithmetic.isTorch)
      case .split(let width, let height, let filter):
        guard image.width > width || image.height > height else { continue }
        guard cuts else {
          image = try resized(image, width, height, filter)
          continue
        }
        let layout = TileLayout(
          rows: max(1, image.height / height), columns: max(1, image.width / width))
        tiles = (
          layout,
          image.tiles(layout, width: width, height: height)
            + [try resized(image, width, height, filter)]
        )
      case .tile(let choice, let filter):
        let overview = choice.overviewSize(width: image.width, height: image.height)
        guard cuts, choice.cuts(width: image.width, height: image.height) else {
          image = try resized(image, overview.width, overview.height, filter)
          continue
        }
        let layout = choice.layout(width: image.width, height: image.height)
        let whole = try resized(
          image, choice.width * layout.columns, choice.height * layout.rows, filter)
        guard layout.rows * layout.columns > 1 else {
          image = whole
          continue
        }
        tiles = (
          layout,
          whole.tiles(layout, width: choice.width, height: choice.height)
            + [try resized(image, overview.width, overview.height, filter)]
        )
      case .fit(let choice, let filter):
        guard cuts else {
          image = try overview(of: image, choice, filter)
          continue
        }
        let original = PixelSize(width: image.width, height: image.height)
        let canvas = choice.canvas(for: original)
        let isTile = canvas == PixelSize(width: choice.tile, height: choice.tile)
        if choice.rule == .leastBorder, isTile {
          // One tile shows all of the image already.
          image = try fitted(image, choice, on: canvas, filter)
        } else {
          tiles = try self.tiles(of: image, choice, on: canvas, filter)
        }
      case .rescale, .normalize: break
      case .padWithZeros(let width, let height):
        guard image.width <= width, image.height <= height else {
          throw .size(
            name: image.name, thing: "image in a frame of \(width) x \(height)",
            width: image.width, height: image.height)
        }
        frame = (width, height)
      }
    }
    guard let tiles,
      let tile = tiles.images.dropFirst(tiles.layout.overview == .first ? 1 : 0).first
    else { return tensor(of: image, frame: frame ?? (image.width, image.height)) }
    return PixelTensor(
      channels: 3, height: tile.height, width: tile.width, tiles: tiles.layout,
      values: tiles.images.flatMap { tensor(of: $0, frame: ($0.width, $0.height)).values })
  }

  private func resized(
    _ image: Image, _ width: Int, _ height: Int, _ filter: ResamplingFilter
  ) throws(ImageError) -> Image {
    try image.resized(width: width, height: height, filter: filter, arithmetic: arithmetic)
  }

  /// The tiles of an image on a canvas, and all of it as small as a tile.
  private func tiles(
    of image: Image, _ choice: CanvasChoice, on canvas: PixelSize, _ filter: ResamplingFilter
  ) throws(ImageError) -> (layout: TileLayout, images: [Image]) {
    let whole = try fitted(image, choice, on: canvas, filter)
    let overview = try overview(of: image, choice, filter)
    let layout = TileLayout(
      rows: canvas.height / choice.tile, columns: canvas.width / choice.tile,
      overview: choice.overview,
      fitted: choice.stretches ? nil : PixelSize(width: image.width, height: image.height))
    return (
      layout,
      layout.ordered(
        whole.tiles(layout, width: choice.tile, height: choice.tile), overview: overview)
    )
  }

  /// All of an image as small as a tile.
  private func overview(
    of image: Image, _ choice: CanvasChoice, _ filter: ResamplingFilter
  ) throws(ImageError) -> Image {
    choice.fitsOverview
      ? try fitted(
        image, choice, on: PixelSize(width: choice.tile, height: choice.tile), filter)
      : try resized(image, choice.tile, choice.tile, filter)
  }

  /// An image on a canvas, in its middle if it does not fill it.
  private func fitted(
    _ image: Image, _ choice: CanvasChoice, on canvas: PixelSize, _ filter: ResamplingFilter
  ) throws(ImageError) -> Image {
    let size = choice.size(of: PixelSize(width: image.width, height: image.height), on: canvas)
    return try resized(image, size.width, size.height, filter).centered(on: canvas)
  }

  private func tensor(of image: Image, frame: (width: Int, height: Int)) -> PixelTensor {
    var values = [Float](repeating: 0, count: 3 * frame.width * frame.height)
    for channel in 0..<3 {
      let table = levels(channel: channel)
      for y in 0..<image.height {
        var target = (channel * frame.height + y) * frame.width
        var source = y * image.width * 3 + channel
        for _ in 0..<image.width {
          values[target] = table[Int(image.pixels[source])]
          target += 1
          source += 3
        }
      }
    }
    return PixelTensor(
      channels: 3, height: frame.height, width: frame.width, values: values)
  }

  /// What each of the 256 levels of a channel becomes.
  ///
  /// Every image has at most these values, so
  /// the arithmetic is done once a level, not once a pixel.
  private func levels(channel: Int) -> [Float] {
    var levels = (0..<256).map { Float($0) }
    if arithmetic.isTorch { return normalizedAtOnce(levels, channel: channel) }
    for step in steps {
      switch step {
      case .rescale(let factor): levels = levels.map { Float(Double($0) * factor) }
      case .normalize(let mean, let deviation):
        let mean = Float(mean[channel])
        let deviation = Float(deviation[channel])
        levels = levels.map { ($0 - mean) / deviation }
      case .padToSquare, .resize, .centerCrop, .split, .tile, .fit, .padWithZeros: break
      }
    }
    return levels
  }

  /// The same where the factor goes into the mean and the deviation.
  private func normalizedAtOnce(_ levels: [Float], channel: Int) -> [Float] {
    let factor = rescaleFactor
    guard let (means, deviations) = normalization else {
      return factor.map { factor in levels.map { $0 * Float(factor) } } ?? levels
    }
    let scale = factor.map { Float(1 / $0) } ?? 1
    let mean = Float(means[channel]) * scale
    let deviation = Float(deviations[channel]) * scale
    return levels.map { ($0 - mean) / deviation }
  }

  private var rescaleFactor: Double? {
    for case .rescale(let factor) in steps { return factor }
    return nil
  }

  /// Whether images may be cut into tiles.
  package var cutsImages: Bool { steps.contains { $0.stage == ImageStep.tileStage } }

  /// The mean and deviation of each channel, if the images are normalised.
  package var normalization: (mean: [Double], deviation: [Double])? {
    for case .normalize(let mean, let deviation) in steps { return (mean, deviation) }
    return nil
  }

  private static func check(_ step: ImageStep) throws(ImageError) {
    let sizes: [Int]
    switch step {
    case .resize(let target, _): sizes = target.edges
    case .centerCrop(let width, let height), .padWithZeros(let width, let height):
      sizes = [width, height]
      guard (try? Image.check(width: width, height: height, of: "", in: "")) != nil else {
        throw .steps("\(step): the size is out of range")
      }
    case .split(let width, let height, _): sizes = [width, height]
    case .tile(let choice, _):
      sizes = [choice.width, choice.height] + (choice.uncut?.target.edges ?? [])
      guard choice.counts.lowerBound >= 1, choice.counts.upperBound <= TileChoice.maximumCount
      else {
        throw .steps(
          "\(step): expected 1 to \(TileChoice.maximumCount) tiles, found \(choice.counts)")
      }
    case .fit(let choice, _):
      sizes = [choice.tile] + choice.canvases.flatMap { [$0.width, $0.height] }
      guard (1...CanvasChoice.maximumCount).contains(choice.canvases.count), choice.tile >= 1,
        choice.canvases.allSatisfy({
          min($0.width, $0.height) >= 1 && $0.width % choice.tile == 0
            && $0.height % choice.tile == 0
            && $0.width / choice.tile <= TileChoice.maximumCount
            && $0.height / choice.tile <= TileChoice.maximumCount
            && $0.width / choice.tile * ($0.height / choice.tile) <= TileChoice.maximumCount
        })
      else {
        throw .steps(
          "image_grid_pinpoints: expected sizes of 1 to \(TileChoice.maximumCount) tiles of "
            + "\(choice.tile) x \(choice.tile) pixels each")
      }
    case .rescale(let factor):
      guard factor.isFinite else { throw .steps("\(step): the factor must be finite") }
      sizes = []
    case .normalize(let mean, let deviation):
      guard mean.count == 3, deviation.count == 3 else {
        throw .steps(
          "normalize: expected three means and deviations, found \(mean.count) and "
            + "\(deviation.count)")
      }
      guard mean.allSatisfy({ Float($0).isFinite }),
        deviation.allSatisfy({ Float($0).isFinite && Float($0) != 0 })
      else { throw .steps("normalize: means must be finite, deviations also not zero") }
      sizes = []
    case .padToSquare: sizes = []
    }
    for size in sizes where !(1...Image.maximumDimension).contains(size) {
      throw .steps("\(step): expected lengths of 1 to \(Image.maximumDimension), found \(size)")
    }
  }
}
