// SPDX-License-Identifier: Apache-2.0

extension Image {
  /// The middle of the image; where it is smaller than asked for, black is added around it.
  ///
  /// An odd difference cuts one pixel more on the right and bottom, and adds one more on the left
  /// and top, as transformers' `center_crop` of NumPy arrays does.
  ///
  /// - Parameters:
  ///   - newWidth: Pixels in a row of the result.
  ///   - newHeight: Rows of the result.
  ///   - addsLessBefore: Whether the odd pixel is added on the right and bottom, as on PyTorch.
  /// - Returns: The middle.
  /// - Throws: ``ImageError/size(name:thing:width:height:)`` if the new size is empty or too large.
  package func centerCropped(
    width newWidth: Int, height newHeight: Int, addsLessBefore: Bool = false
  ) throws(ImageError) -> Image {
    try Image.check(width: newWidth, height: newHeight, of: "size to crop to", in: name)
    return placed(
      x: Image.centerOffset(of: width, in: newWidth, addsLessBefore),
      y: Image.centerOffset(of: height, in: newHeight, addsLessBefore),
      width: newWidth, height: newHeight, background: .black)
  }

  /// The image in the middle of a square as long as its longer edge.
  ///
  /// - Parameter background: The colour of what is added.
  /// - Returns: The square; the image itself if it is one.
  /// - Throws: ``ImageError/size(name:thing:width:height:)`` if the square would be too large.
  package func paddedToSquare(_ background: Color) throws(ImageError) -> Image {
    let edge = max(width, height)
    try Image.check(width: edge, height: edge, of: "square to pad to", in: name)
    return placed(
      x: (edge - width) / 2, y: (edge - height) / 2, width: edge, height: edge,
      background: background)
  }

  /// The image in the middle of a larger canvas, black around it.
  ///
  /// An odd difference leaves one pixel more on the right and bottom.
  ///
  /// - Throws: ``ImageError/size(name:thing:width:height:)`` if the canvas would be too large.
  func centered(on canvas: PixelSize) throws(ImageError) -> Image {
    try Image.check(width: canvas.width, height: canvas.height, of: "canvas", in: name)
    return placed(
      x: (canvas.width - width) / 2, y: (canvas.height - height) / 2, width: canvas.width,
      height: canvas.height, background: .black)
  }

  /// The image cut into tiles, row by row; what sticks out at the right and bottom is left out.
  func tiles(_ layout: TileLayout, width: Int, height: Int) -> [Image] {
    (0..<layout.rows * layout.columns).map { index in
      placed(
        x: -(index % layout.columns) * width, y: -(index / layout.columns) * height, width: width,
        height: height, background: .black)
    }
  }

  /// Where a line of `length` pixels begins in a line of `room`, negative if it sticks out.
  private static func centerOffset(of length: Int, in room: Int, _ addsLessBefore: Bool) -> Int {
    let difference = room - length
    return difference < 0 ? -(-difference / 2) : (difference + (addsLessBefore ? 0 : 1)) / 2
  }

  /// The image laid onto a canvas with its top left corner at (`x`, `y`), cut where it sticks out.
  private func placed(
    x: Int, y: Int, width newWidth: Int, height newHeight: Int, background: Color
  ) -> Image {
    if x == 0, y == 0, newWidth == width, newHeight == height { return self }
    let columns = max(x, 0)..<min(x + width, newWidth)
    var output: [UInt8] = []
    output.reserveCapacity(newWidth * newHeight * 3)
    let filled = background.repeated(newWidth)
    for row in 0..<newHeight {
      guard (y..<y + height).contains(row) else {
        output += filled
        continue
      }
      let start = (row - y) * width
      output += filled[..<(columns.lowerBound * 3)]
      output +=
        pixels[(start + columns.lowerBound - x) * 3..<(start + columns.upperBound - x) * 3]
      output += filled[(columns.upperBound * 3)...]
    }
    return Image(width: newWidth, height: newHeight, pixels: output, name: name)
  }
}

/// A colour of eight bits a channel.
package struct Color: Sendable, Hashable {
  package static let black = Color(red: 0, green: 0, blue: 0)

  package let red: UInt8
  package let green: UInt8
  package let blue: UInt8

  package init(red: UInt8, green: UInt8, blue: UInt8) {
    self.red = red
    self.green = green
    self.blue = blue
  }

  fileprivate func repeated(_ count: Int) -> [UInt8] {
    (0..<count).flatMap { _ in [red, green, blue] }
  }
}
