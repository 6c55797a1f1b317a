// SPDX-License-Identifier: Apache-2.0

import BinaryIO

/// An RGB image of eight bits a channel in memory.
package struct Image: Sendable, Hashable {
  /// The most pixels that an image may have, decoded or resized.
  package static let maximumPixels = 1 << 28
  /// The most pixels in one direction: PNG allows 2³¹, JPEG 65535.
  package static let maximumDimension = 1 << 20

  package let width: Int
  package let height: Int
  /// `[height, width, 3]`, top row first.
  package let pixels: [UInt8]
  /// What messages call the image: its path.
  package let name: String

  /// Wraps pixels that are already there.
  ///
  /// - Parameters:
  ///   - width: In pixels, at least 1.
  ///   - height: In pixels, at least 1.
  ///   - pixels: `[height, width, 3]`; the count must match.
  ///   - name: What messages call the image.
  package init(width: Int, height: Int, pixels: [UInt8], name: String = "image") {
    precondition(
      width > 0 && height > 0 && pixels.count == width * height * 3,
      "\(width) x \(height) pixels do not make \(pixels.count) bytes")
    self.width = width
    self.height = height
    self.pixels = pixels
    self.name = name
  }

  /// Reads a PNG or JPEG file as `PIL.ImageOps.exif_transpose` and `convert("RGB")` do.
  ///
  /// - Parameters:
  ///   - path: The file, mapped while it is read.
  ///   - isUpright: Whether the orientation in the file's metadata is applied. Without it the
  ///     result equals `PIL.Image.open(path).convert("RGB")`.
  /// - Throws: ``ImageError`` if this is no PNG or JPEG, or a damaged, cut, or too large one.
  package init(path: String, isUpright: Bool = true) throws(ImageError) {
    let file: MappedFile
    do { file = try MappedFile(path: path) } catch { throw .file(error) }
    self = try withExtendedLifetime(file) { () throws(ImageError) in
      try Image(decoding: file.bytes, path: path, isUpright: isUpright)
    }
  }

  /// Decodes a whole PNG or JPEG file in memory; see ``init(path:isUpright:)``.
  ///
  /// - Parameters:
  ///   - bytes: The file's content. What follows the image is ignored.
  ///   - path: The name for messages.
  ///   - isUpright: Whether the orientation in the file's metadata is applied.
  /// - Throws: ``ImageError`` if this is no PNG or JPEG, or a damaged, cut, or too large one.
  package init(
    decoding bytes: UnsafeRawBufferPointer, path: String, isUpright: Bool = true
  ) throws(ImageError) {
    switch FileSignature(of: bytes) {
    case .png:
      let image = try PNGDecoder.image(from: bytes, name: path)
      self = isUpright ? image.oriented(PNGMetadata.orientation(in: bytes)) : image
    case .jpeg:
      let image = try JPEGDecoder.image(from: bytes, name: path)
      self = isUpright ? image.oriented(JPEGMetadata.orientation(in: bytes)) : image
    case let other:
      throw .unsupported(name: path, found: other.found, remedy: other.remedy)
    }
  }

  /// Refuses sizes that are empty or beyond the limits, before anything is allocated for them.
  ///
  /// - Throws: ``ImageError/size(name:thing:width:height:)``.
  static func check(
    width: Int, height: Int, of thing: String, in name: String
  ) throws(ImageError) {
    guard (1...maximumDimension).contains(width), (1...maximumDimension).contains(height),
      width * height <= maximumPixels
    else { throw .size(name: name, thing: thing, width: width, height: height) }
  }
}
