// SPDX-License-Identifier: Apache-2.0

import Fixtures
import Notation
import Preprocessing
import Testing

struct OrientationTests {
  @Test(arguments: Orientation.allCases)
  func `a JPEG is turned as its Exif orientation says`(_ orientation: Orientation) throws {
    let path = Fixtures.path("preprocessing/orientation\(orientation.rawValue).jpg")
    let stored = try Image(path: path, isUpright: false)
    let upright = try Image(path: path)
    #expect(upright == stored.oriented(orientation))
    #expect((upright.width == stored.width) == (orientation.rawValue < 5))
    let golden = try #require(
      Golden.cases("decoded").first {
        $0["file"]?.string == "preprocessing/orientation\(orientation.rawValue).jpg"
      })
    #expect(
      try [upright.width, upright.height] == golden.integers("upright").prefix(2).map(\.self))
  }

  @Test func `an orientation that does not exist means upright`() throws {
    let path = Fixtures.path("preprocessing/orientation9.jpg")
    #expect(try Image(path: path) == Image(path: path, isUpright: false))
  }

  @Test func `an orientation in XMP counts where Exif has none`() throws {
    let path = Fixtures.path("preprocessing/xmp.jpg")
    let stored = try Image(path: path, isUpright: false)
    #expect(try Image(path: path) == stored.oriented(.transversed))
  }

  @Test(arguments: Orientation.allCases)
  func `every orientation has one that undoes it`(_ orientation: Orientation) {
    let image = pattern(width: 5, height: 3)
    let inverse: Orientation =
      switch orientation {
      case .rotatedClockwise: .rotatedCounterclockwise
      case .rotatedCounterclockwise: .rotatedClockwise
      default: orientation
      }
    #expect(image.oriented(orientation).oriented(inverse) == image)
  }
}
