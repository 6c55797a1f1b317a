// SPDX-License-Identifier: Apache-2.0

/// What a vision tower sees of an image.
package struct PixelTensor: Sendable, Hashable {
  package let channels: Int
  package let height: Int
  package let width: Int
  /// `[channels, height, width]`.
  package let values: [Float]

  package init(channels: Int, height: Int, width: Int, values: [Float]) {
    precondition(
      values.count == channels * height * width,
      "\(channels) x \(height) x \(width) does not make \(values.count) values")
    self.channels = channels
    self.height = height
    self.width = width
    self.values = values
  }
}
