// SPDX-License-Identifier: Apache-2.0

import Fixtures
import Notation
import Preprocessing
import Testing

/// MM1's tiles against an independent computation with exact fractions, and Pillow:
/// `Fixtures/preprocessing/mm1.json`.
struct SubImageTests {
  static let golden = (try? Golden.json("preprocessing/mm1.json")) ?? .null

  private static func processor(_ members: String) throws -> ImageProcessor {
    let size = members.contains(#""size""#) ? "" : #", "size": 672"#
    return try ImageProcessor(
      configuration: JSON(
        parsing: #"{"image_processor_type": "MM1ImageProcessor"\#(size)\#(members)}"#))
  }

  private static func choice(_ members: String) throws -> CanvasChoice {
    let steps = try processor(members).steps
    guard case .fit(let choice, .bicubic)? = steps.first else {
      throw ImageError.steps("expected tiles, found \(steps)")
    }
    return choice
  }

  @Test("the canvas is the one with the least border, or the least loss")
  func canvases() throws {
    let cases = try #require(SubImageTests.golden["choices"]?.array)
    #expect(cases.count >= 100)
    for entry in cases {
      let (bounds, size) = try (entry.integers("bounds"), entry.integers("size"))
      let choice = try SubImageTests.choice(
        ", \"min_patches\": \(bounds[0]), \"max_patches\": \(bounds[1])")
      let image = PixelSize(width: size[0], height: size[1])
      let canvas = choice.canvas(for: image)
      #expect(try [canvas.width, canvas.height] == entry.integers("canvas"), "\(entry)")
      let fitted = choice.size(of: image, on: canvas)
      #expect(try [fitted.width, fitted.height] == entry.integers("fitted"), "\(entry)")
    }
  }

  @Test(
    "tiles and overview have the bits of Pillow",
    arguments: SubImageTests.golden["processed"]?.array ?? [])
  func tiles(_ entry: JSON) throws {
    let processor = try ImageProcessor(configuration: #require(entry["configuration"]))
    let pixels = try processor.pixels(of: Image(path: Fixtures.path(entry.text("file"))))
    let shape = [pixels.tiles?.count ?? 1, 3, pixels.height, pixels.width]
    #expect(try shape == entry.integers("shape"))
    if let tiles = pixels.tiles {
      #expect(try [tiles.rows, tiles.columns] == entry.integers("tiles"))
      #expect(tiles.overview.rawValue == entry["configuration"]?["overview"]?.string ?? "last")
    } else {
      #expect(entry["tiles"]?.isNull ?? false)
    }
    #expect(try crc32(pixels.values) == entry.integer("crc"))
  }

  @Test("there are golden results")
  func present() {
    #expect((SubImageTests.golden["processed"]?.array?.count ?? 0) >= 40)
  }

  @Test("without a word, images of 4 to 9 tiles, the overview behind them, and in proportion")
  func defaults() throws {
    let choice = try SubImageTests.choice("")
    #expect(choice.canvases.map { $0.width / 672 * ($0.height / 672) }.min() == 4)
    #expect(choice.canvases.map { $0.width / 672 * ($0.height / 672) }.max() == 9)
    #expect(choice.canvases.count == 3 + 2 + 4 + 2 + 4 + 3)
    #expect(choice.overview == .last && choice.fitsOverview && !choice.stretches)
  }

  @Test(
    "what makes no tiles is refused, with the key",
    arguments: [
      (#", "size": {"height": 672, "width": 336}"#, "size"),
      (#", "min_patches": 0"#, "min_patches"),
      (#", "min_patches": 10"#, "max_patches"), (#", "max_patches": 5000"#, "max_patches"),
      (#", "overview": "middle""#, "overview"), (#", "overview": 1"#, "overview"),
      (#", "image_grid_pinpoints": []"#, "image_grid_pinpoints"),
      (#", "image_grid_pinpoints": [[1344, 1000]]"#, "image_grid_pinpoints"),
      (#", "do_resize": false"#, "do_resize"), (#", "tile_overlap": 8"#, "tile_overlap"),
    ])
  func refusals(members: String, key: String) throws {
    let error = #expect(throws: ImageError.self) { try SubImageTests.processor(members) }
    #expect(error?.description.contains(key) ?? false, "\(error?.description ?? "")")
  }
}
