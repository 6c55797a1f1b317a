// SPDX-License-Identifier: Apache-2.0

/// How a camera was held: what must be done to the stored pixels to see them upright.
///
/// - Source: Exif 2.32, tag 274 (0x0112).
package enum Orientation: Int, CaseIterable, Sendable {
  case upright = 1
  case mirroredHorizontally = 2
  case rotatedHalf = 3
  case mirroredVertically = 4
  /// Mirrored along the diagonal from the top left.
  case transposed = 5
  /// Upright after a quarter turn clockwise.
  case rotatedClockwise = 6
  /// Mirrored along the diagonal from the top right.
  case transversed = 7
  /// Upright after a quarter turn counter-clockwise.
  case rotatedCounterclockwise = 8

  /// Whether rows become columns.
  var swapsAxes: Bool { rawValue >= 5 }
}

extension Image {
  /// The image turned and mirrored to stand upright.
  package func oriented(_ orientation: Orientation) -> Image {
    guard orientation != .upright else { return self }
    let newWidth = orientation.swapsAxes ? height : width
    let newHeight = orientation.swapsAxes ? width : height
    let right = width - 1
    let bottom = height - 1
    let turned = [UInt8](unsafeUninitializedCapacity: pixels.count) { output, count in
      count = pixels.count
      var target = 0
      for y in 0..<newHeight {
        for x in 0..<newWidth {
          let (sourceX, sourceY) =
            switch orientation {
            case .upright: (x, y)
            case .mirroredHorizontally: (right - x, y)
            case .rotatedHalf: (right - x, bottom - y)
            case .mirroredVertically: (x, bottom - y)
            case .transposed: (y, x)
            case .rotatedClockwise: (y, bottom - x)
            case .transversed: (right - y, bottom - x)
            case .rotatedCounterclockwise: (right - y, x)
            }
          let source = (sourceY * width + sourceX) * 3
          for channel in 0..<3 { output[target + channel] = pixels[source + channel] }
          target += 3
        }
      }
    }
    return Image(width: newWidth, height: newHeight, pixels: turned, name: name)
  }
}
