// SPDX-License-Identifier: Apache-2.0

/// Chooses one of several canvases for an image, which is fitted into it with black borders, and cut
/// into tiles.
///
/// - Source: Liu et al., LLaVA-NeXT; transformers 5, `image_processing_utils.py` (behaviour).
package struct CanvasChoice: Sendable, Hashable {
  /// Whole tiles in both directions.
  package let canvases: [PixelSize]
  /// The side of a tile.
  package let tile: Int

  /// More canvases than any processor knows.
  static let maximumCount = 1024

  package init(canvases: [PixelSize], tile: Int) {
    self.canvases = canvases
    self.tile = tile
  }

  /// The canvas on which most of an image's pixels are kept; of several, the one with the least
  /// left over; of those, the first.
  package func canvas(for image: PixelSize) -> PixelSize {
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
    return best?.canvas ?? PixelSize(width: tile, height: tile)
  }

  /// The size that an image gets on its canvas: one edge as long as the canvas, the other in
  /// proportion, rounded up.
  package func size(of image: PixelSize, on canvas: PixelSize) -> PixelSize {
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
