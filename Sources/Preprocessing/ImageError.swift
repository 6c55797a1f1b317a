// SPDX-License-Identifier: Apache-2.0

package import BinaryIO

/// An image that cannot be used, or a processor configuration that cannot be followed.
package enum ImageError: Error, CustomStringConvertible, Sendable {
  /// The file cannot be opened or mapped.
  case file(FileError)
  /// The bytes are no image that this program reads.
  case unsupported(name: String, found: String, remedy: String)
  /// The image begins well, but is damaged, cut short or inconsistent.
  case damaged(name: String, reason: String)
  /// The image, or what a step would make of it, exceeds ``Image/maximumPixels`` or has no pixels.
  case size(name: String, thing: String, width: Int, height: Int)
  /// A key of a processor configuration has a value that cannot be followed.
  case configuration(name: String, key: String, expected: String, found: String)
  /// Steps that contradict each other, such as cropping after normalising.
  case steps(String)

  package var description: String {
    switch self {
    case .file(let error): error.description
    case .unsupported(let name, let found, let remedy):
      "\(name): expected a PNG or JPEG image, found \(found); \(remedy)"
    case .damaged(let name, let reason):
      "\(name): the image is damaged: \(reason); export or download it again"
    case .size(let name, let thing, let width, let height):
      "\(name): \(thing): expected 1 to \(Image.maximumPixels) pixels, at most "
        + "\(Image.maximumDimension) in a direction, found \(width) x \(height); use another size"
    case .configuration(let name, let key, let expected, let found):
      "\(name): \(key): expected \(expected), found \(found)"
    case .steps(let reason): "image processor: \(reason)"
    }
  }
}
