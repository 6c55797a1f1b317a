// SPDX-License-Identifier: Apache-2.0

package import Preprocessing

extension Model {
  /// What the vision part sees of images, from their files.
  ///
  /// - Parameter images: The images; those that are whole become what their overviews would be.
  /// - Returns: The pixels of each image.
  /// - Throws: ``ModelError`` for an image that cannot be read, or a model that takes text only.
  package func pixels(of images: [SampleImage]) throws(ModelError) -> [PixelTensor] {
    guard let first = images.first else { return [] }
    guard let processor = imageProcessor else {
      throw .input(
        "\(path): the model takes text only, and '\(first.path)' is an image; leave images out, or "
          + "name the model's vision part with --mmproj")
    }
    var pixels: [PixelTensor] = []
    for image in images {
      do throws(ImageError) {
        pixels.append(
          try processor.pixels(of: try Image(path: image.path), cuts: !image.isWhole))
      } catch { throw .image(error) }
    }
    return pixels
  }

  /// The same for files of which only so many of the last may be cut into tiles.
  ///
  /// - Parameters:
  ///   - paths: The files.
  ///   - cutCount: How many; nil for all.
  /// - Returns: The pixels of each image.
  /// - Throws: ``ModelError`` also for a number where the model cuts no images.
  /// - Source: McKinzie et al., MM1, arXiv:2403.09611: few-shot prompts of mixed resolution.
  package func pixels(
    of paths: [String], cutting cutCount: Int? = nil
  ) throws(ModelError) -> [PixelTensor] {
    if cutCount != nil, let imageProcessor, !imageProcessor.cutsImages {
      throw .input(
        "\(path): the model cuts no images into tiles, so there are none to be seen whole instead; do "
          + "not say how many are cut")
    }
    return try pixels(of: SampleImage.images(paths, cutting: cutCount))
  }
}
