// SPDX-License-Identifier: Apache-2.0

import Fixtures
import Notation
import Preprocessing
import Testing

struct ImageResizedTests {
  @Test func `there are golden results`() { #expect(Golden.cases("resized").count > 100) }

  @Test(arguments: Golden.cases("resized"))
  func `resizing gives the bits of Pillow`(_ golden: JSON) throws {
    let image = try Image(path: Fixtures.path(golden.text("file")))
    let filter = try #require(ResamplingFilter(rawValue: golden.integer("filter")))
    let resized = try image.resized(
      width: golden.integer("width"), height: golden.integer("height"), filter: filter)
    #expect(try crc32(resized.pixels) == golden.integer("crc"))
  }

  @Test(arguments: ResamplingFilter.allCases)
  func `one colour stays that colour`(_ filter: ResamplingFilter) throws {
    let image = Image(
      width: 13, height: 7, pixels: (0..<91).flatMap { _ in [3, 129, 255] as [UInt8] })
    for (width, height) in [(13, 7), (5, 3), (40, 29), (1, 50)] {
      let resized = try image.resized(width: width, height: height, filter: filter)
      #expect(
        stride(from: 0, to: resized.pixels.count, by: 3).allSatisfy {
          Array(resized.pixels[$0..<$0 + 3]) == [3, 129, 255]
        })
    }
  }

  @Test(arguments: [(0, 5), (5, 0), (-1, 5), (1 << 20, 1 << 9), (1 << 40, 1), (Int.max, Int.max)])
  func `an impossible size is refused`(_ width: Int, _ height: Int) {
    let image = pattern(width: 3, height: 2)
    #expect(throws: ImageError.self) {
      try image.resized(width: width, height: height, filter: .bicubic)
    }
  }
}
