// SPDX-License-Identifier: Apache-2.0

import LinearAlgebra
import Models
import Preprocessing
import TestSupport
import Testing

/// What tiles of images of many proportions are put together to.
struct JoinedTilesTests {
  /// Width and height; then the columns and rows that transformers 5 keeps of an image of this size
  /// with the settings of the tiny model.
  static let cases: [(Int, Int, [Int])] = [
    (1, 1, [4, 4]),
    (336, 336, [8, 8]),
    (337, 336, [8, 8]),
    (451, 300, [8, 6]),
    (300, 451, [6, 8]),
    (672, 672, [8, 8]),
    (1000, 1000, [8, 8]),
    (2000, 500, [12, 4]),
    (500, 2000, [4, 12]),
    (30, 900, [0, 12]),
    (900, 30, [12, 0]),
    (640, 427, [8, 6]),
    (1344, 671, [8, 4]),
    (120, 1909, [0, 12]),
    (214, 644, [4, 12]),
    (465, 1524, [4, 12]),
  ]

  @Test("borders are left out, and each line has an end")
  func lines() throws {
    let copy = try FixtureCopy(visionLanguage: "llava-next")
    let model = try Model(path: copy.path, library: try DeclarationLibrary())
    let forward = try ForwardPass(model)
    let processor = try #require(model.imageProcessor)
    let pixels = try JoinedTilesTests.cases.map { width, height, _ in
      try processor.pixels(
        of: Image(
          width: width, height: height,
          pixels: [UInt8](repeating: 90, count: width * height * 3)))
    }
    let images = try forward.embeddings(of: pixels)
    for (image, entry) in zip(images, JoinedTilesTests.cases) {
      #expect(image.tiles == nil && image.grid.count == image.rows)
      #expect(image.rows == 16 + entry.2[1] * (entry.2[0] + 1), "\(entry)")
    }
    // A line's end is the same everywhere: here behind the first line, and behind the last.
    let columns = JoinedTilesTests.cases[0].2[0]
    let rows = images[0].matrix
    #expect(rows.row(16 + columns) == rows.row(rows.rows - 1))
    #expect(rows.row(16 + columns) != rows.row(0))
  }
}
