// SPDX-License-Identifier: Apache-2.0

extension ImageProcessor {
  /// The size of each image, or tile, that the encoder sees; nil where it depends on the image.
  package var fixedSize: PixelSize? {
    var size: PixelSize?
    for step in steps {
      switch step {
      case .resize(.exact(let width, let height), _): size = PixelSize(width: width, height: height)
      case .centerCrop(let width, let height): size = PixelSize(width: width, height: height)
      case .split(let width, let height, _): size = PixelSize(width: width, height: height)
      case .fit(let choice, _): size = PixelSize(width: choice.tile, height: choice.tile)
      case .resize, .tile, .padWithZeros: size = nil
      case .padToSquare, .rescale, .normalize: break
      }
    }
    return size
  }
}
