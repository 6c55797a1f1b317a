// SPDX-License-Identifier: Apache-2.0

package import Preprocessing

extension Model {
  /// What the vision part sees of images, from their files.
  ///
  /// - Throws: ``ModelError`` for an image that cannot be read, or a model that takes text only.
  package func pixels(of paths: [String]) throws(ModelError) -> [PixelTensor] {
    guard let first = paths.first else { return [] }
    guard let processor = imageProcessor else {
      throw .input(
        "\(path): the model takes text only, and '\(first)' is an image; leave images out, or name "
          + "the model's vision part with --mmproj")
    }
    var pixels: [PixelTensor] = []
    for path in paths {
      do throws(ImageError) { pixels.append(try processor.pixels(of: try Image(path: path))) } catch
      { throw .image(error) }
    }
    return pixels
  }
}
