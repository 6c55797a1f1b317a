// SPDX-License-Identifier: Apache-2.0

import Notation
import Preprocessing
import Testing

/// The canvases that LLaVA-NeXT fits images into.
struct CanvasChoiceTests {
  /// Width and height; then what transformers 5 computes with the published list: the canvas, and
  /// the size on it.
  static let cases: [(Int, Int, [Int], [Int])] = [
    (1, 1, [672, 336], [336, 336]),
    (336, 336, [672, 336], [336, 336]),
    (337, 336, [672, 336], [337, 336]),
    (451, 300, [672, 336], [506, 336]),
    (300, 451, [336, 672], [336, 506]),
    (672, 672, [672, 672], [672, 672]),
    (1000, 1000, [672, 672], [672, 672]),
    (2000, 500, [1008, 336], [1008, 252]),
    (500, 2000, [336, 1008], [252, 1008]),
    (30, 900, [336, 1008], [34, 1008]),
    (900, 30, [1008, 336], [1008, 34]),
    (640, 427, [672, 672], [672, 449]),
    (4000, 3000, [672, 672], [672, 505]),
    (1344, 671, [1008, 336], [674, 336]),
    (2553, 1048, [1008, 336], [819, 336]),
    (1470, 2830, [672, 672], [350, 672]),
    (2672, 2173, [672, 672], [672, 547]),
    (120, 1909, [336, 1008], [64, 1008]),
    (1022, 2660, [336, 1008], [336, 875]),
    (214, 644, [336, 672], [224, 672]),
    (465, 1524, [336, 1008], [308, 1008]),
    (1923, 1011, [672, 672], [672, 354]),
  ]

  private static func processor(_ members: String = "") throws -> ImageProcessor {
    try ImageProcessor(
      configuration: JSON(
        parsing: """
          {"image_processor_type": "LlavaNextImageProcessor", "size": {"shortest_edge": 336},
           "crop_size": {"height": 336, "width": 336}, "aspect_ratio_setting": "anyres"\(members)}
          """))
  }

  @Test("canvases and sizes are those of transformers", arguments: cases.indices)
  func sizes(index: Int) throws {
    let (width, height, canvas, size) = CanvasChoiceTests.cases[index]
    let steps = try CanvasChoiceTests.processor().steps
    guard case .fit(let choice, .bicubic) = steps.first else {
      Issue.record("expected a choice of canvases, found \(steps)")
      return
    }
    let image = PixelSize(width: width, height: height)
    let own = choice.canvas(for: image)
    #expect([own.width, own.height] == canvas)
    let fitted = choice.size(of: image, on: own)
    #expect([fitted.width, fitted.height] == size)
  }

  @Test("an image stands in the middle of its tiles, the whole of it behind them")
  func tiles() throws {
    let image = Image(
      width: 4, height: 2, pixels: [UInt8](repeating: 200, count: 4 * 2 * 3))
    let choice = CanvasChoice(canvases: [PixelSize(width: 4, height: 4)], tile: 2)
    let result = try ImageProcessor(steps: [.fit(choice, .nearest)]).pixels(of: image)
    #expect(
      result.tiles
        == TileLayout(rows: 2, columns: 2, fitted: PixelSize(width: 4, height: 2)))
    let parts = result.parts.map { Array($0.values.prefix(4)) }
    #expect(parts[0] == [0, 0, 200, 200] && parts[1] == parts[0])
    #expect(parts[2] == [200, 200, 0, 0] && parts[3] == parts[2])
    #expect(parts[4] == [200, 200, 200, 200])
  }

  @Test(
    "lists that make no tiles are refused",
    arguments: [
      "[]", "[[336]]", "[[336, 500]]", "[[0, 336]]", "[[-336, 336]]", "[[336, 3360000]]", "7",
      "[[336, 336, 336]]", "[[8736, 33600]]",
    ])
  func refusals(list: String) throws {
    let error = #expect(throws: ImageError.self) {
      try CanvasChoiceTests.processor(", \"image_grid_pinpoints\": \(list)")
    }
    #expect(error?.description.contains("image_grid_pinpoints") ?? false)
  }

  @Test("tiles that are no squares as large as the overview are refused")
  func crops() throws {
    for crop in ["300", "[336, 300]"] {
      let text = """
        {"image_processor_type": "LlavaNextImageProcessor", "size": {"shortest_edge": 336},
         "crop_size": \(crop)}
        """
      #expect(throws: ImageError.self) {
        try ImageProcessor(configuration: JSON(parsing: text))
      }
    }
  }
}
