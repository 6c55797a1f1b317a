// SPDX-License-Identifier: Apache-2.0

/// One step from an image to the numbers that a model sees.
package enum ImageStep: Sendable, Hashable {
  case padToSquare(Color)
  case resize(ResizeTarget, ResamplingFilter)
  /// Cuts out the middle, or adds black around it.
  case centerCrop(width: Int, height: Int)
  /// Cuts an image that is larger than a tile into tiles, and adds all of it resized to one.
  case split(width: Int, height: Int, ResamplingFilter)
  /// Resizes to whole tiles in the proportions that come closest, and cuts, unless an image is small
  /// enough; see ``TileChoice``.
  case tile(TileChoice, ResamplingFilter)
  /// Fits an image into one of several canvases, and cuts; see ``CanvasChoice``.
  case fit(CanvasChoice, ResamplingFilter)
  /// Multiplies each level (0…255) with a factor, in double precision, rounded to Float32.
  case rescale(Double)
  /// Subtracts a mean and divides by a deviation, one of each a channel, in Float32.
  case normalize(mean: [Double], deviation: [Double])
  /// Adds zeros on the right and at the bottom, up to a size.
  case padWithZeros(width: Int, height: Int)

  /// Where steps belong that cut images into tiles.
  static let tileStage = 1

  /// Where the step belongs: pixels first, then tiles, then numbers, then the frame.
  var stage: Int {
    switch self {
    case .padToSquare, .resize, .centerCrop: 0
    case .split, .tile, .fit: ImageStep.tileStage
    case .rescale, .normalize: 2
    case .padWithZeros: 3
    }
  }

  /// By which filter it resamples; nil where it does not.
  var filter: ResamplingFilter? {
    switch self {
    case .resize(_, let filter), .split(_, _, let filter), .tile(_, let filter),
      .fit(_, let filter):
      filter
    case .padToSquare, .centerCrop, .rescale, .normalize, .padWithZeros: nil
    }
  }
}
