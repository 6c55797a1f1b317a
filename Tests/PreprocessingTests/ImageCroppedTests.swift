// SPDX-License-Identifier: Apache-2.0

import Fixtures
import Notation
import Preprocessing
import Testing

struct ImageCroppedTests {
  @Test(arguments: Golden.cases("cropped"))
  func `cropping rounds as transformers does`(_ golden: JSON) throws {
    let image = try Image(path: Fixtures.path("preprocessing/noise.png"))
    let cropped = try image.centerCropped(
      width: golden.integer("width"), height: golden.integer("height"))
    #expect(try crc32(cropped.pixels) == golden.integer("crc"))
  }

  @Test(arguments: [(1, 1), (5, 2), (2, 5), (4, 7)])
  func `padding to a square keeps the image in its middle`(_ width: Int, _ height: Int) throws {
    let image = pattern(width: width, height: height)
    let square = try image.paddedToSquare(Color(red: 9, green: 8, blue: 7))
    #expect(square.width == max(width, height))
    #expect(square.height == square.width)
    let (left, top) = ((square.width - width) / 2, (square.height - height) / 2)
    for y in 0..<square.height {
      for x in 0..<square.width {
        let start = (y * square.width + x) * 3
        let isInside = (left..<left + width).contains(x) && (top..<top + height).contains(y)
        let source = ((y - top) * width + x - left) * 3
        let expected = isInside ? Array(image.pixels[source..<source + 3]) : [9, 8, 7]
        #expect(Array(square.pixels[start..<start + 3]) == expected)
      }
    }
  }
}
