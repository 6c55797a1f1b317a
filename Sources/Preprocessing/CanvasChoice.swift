// SPDX-License-Identifier: Apache-2.0

/// Chooses one of several canvases for an image, which is fitted into it with black borders, and cut
/// into tiles.
package struct CanvasChoice: Sendable, Hashable {
  /// By which rule one is chosen.
  package enum Rule: String, Sendable {
    /// The one on which most of an image's pixels are kept; of several, the one with the least left
    /// over.
    ///
    /// - Source: Liu et al., LLaVA-NeXT; transformers 5, `image_processing_utils.py` (behaviour).
    case mostPixels
    /// Of those that take the image without making it smaller, the one with the least border; if there
    /// is none, the one on which the image becomes the least smaller.
    ///
    /// - Source: Zhang et al., MM1.5, arXiv:2409.20566, section 3.5 (dynamic image splitting).
    case leastBorder
  }

  /// Whole tiles in both directions.
  package let canvases: [PixelSize]
  /// The side of a tile.
  package let tile: Int
  package let rule: Rule
  /// Where the whole image stands among its tiles.
  package let overview: TileLayout.Overview
  /// Whether the whole image keeps its proportions, with borders, as small as a tile.
  package let fitsOverview: Bool
  /// Whether an image is stretched to its canvas, so that there are no borders.
  package let stretches: Bool

  /// More canvases than any processor knows.
  static let maximumCount = 2048

  package init(
    canvases: [PixelSize], tile: Int, rule: Rule = .mostPixels,
    overview: TileLayout.Overview = .last, fitsOverview: Bool = false, stretches: Bool = false
  ) {
    self.canvases = canvases
    self.tile = tile
    self.rule = rule
    self.overview = overview
    self.fitsOverview = fitsOverview
    self.stretches = stretches
  }

  /// The canvas for an image; of equals, the first.
  package func canvas(for image: PixelSize) -> PixelSize {
    let best =
      switch rule {
      case .mostPixels: mostPixels(of: image)
      case .leastBorder: leastBorder(around: image)
      }
    return best ?? PixelSize(width: tile, height: tile)
  }

  private func mostPixels(of image: PixelSize) -> PixelSize? {
    var best: (canvas: PixelSize, kept: Int, left: Int)?
    for canvas in canvases {
      let scale = min(
        Double(canvas.width) / Double(image.width), Double(canvas.height) / Double(image.height))
      let width = Int((Double(image.width) * scale).rounded(.down))
      let height = Int((Double(image.height) * scale).rounded(.down))
      let kept = min(width * height, image.width * image.height)
      let left = canvas.width * canvas.height - kept
      if let best, kept < best.kept || kept == best.kept && left >= best.left { continue }
      best = (canvas, kept, left)
    }
    return best?.canvas
  }

  private func leastBorder(around image: PixelSize) -> PixelSize? {
    var best: (canvas: PixelSize, scale: Double, border: Double)?
    for canvas in canvases {
      let across = Double(canvas.width) / Double(image.width)
      let down = Double(canvas.height) / Double(image.height)
      // One that takes the image as it is loses nothing.
      let scale = min(across, down, 1)
      // The only rounding is that of the quotient, so that what is equal compares so.
      let filled =
        across < down
        ? Double(canvas.width) * Double(canvas.width) * Double(image.height) / Double(image.width)
        : Double(canvas.height) * Double(canvas.height) * Double(image.width)
          / Double(image.height)
      let border = Double(canvas.width) * Double(canvas.height) - filled
      if let best, scale < best.scale || scale == best.scale && border >= best.border { continue }
      best = (canvas, scale, border)
    }
    return best?.canvas
  }

  /// The size that an image gets on its canvas: one edge as long as the canvas, the other in
  /// proportion, rounded up.
  package func size(of image: PixelSize, on canvas: PixelSize) -> PixelSize {
    if stretches { return canvas }
    let across = Double(canvas.width) / Double(image.width)
    let down = Double(canvas.height) / Double(image.height)
    if across < down {
      let height = Int((Double(image.height) * across).rounded(.up))
      return PixelSize(width: canvas.width, height: min(height, canvas.height))
    }
    let width = Int((Double(image.width) * down).rounded(.up))
    return PixelSize(width: min(width, canvas.width), height: canvas.height)
  }
}

/// A width and a height in pixels.
package struct PixelSize: Sendable, Hashable {
  package let width: Int
  package let height: Int

  package init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }
}
