// SPDX-License-Identifier: Apache-2.0

import Fixtures
import Notation
import Preprocessing
import Testing

/// LFM2-VL's images against transformers' processor, which resamples as PyTorch does:
/// `Fixtures/preprocessing/lfm2vl.json`.
struct TokenTileTests {
  static let golden = (try? Golden.json("preprocessing/lfm2vl.json")) ?? .null

  private static func processor(_ members: String = "") throws -> ImageProcessor {
    try ImageProcessor(
      configuration: JSON(
        parsing: #"{"image_processor_type": "Lfm2VlImageProcessorFast"\#(members)}"#))
  }

  @Test("there are golden results")
  func present() {
    #expect((TokenTileTests.golden["processed"]?.array?.count ?? 0) >= 40)
    #expect((TokenTileTests.golden["choices"]?.array?.count ?? 0) >= 400)
  }

  @Test(
    "tiles, overviews and whole images have the bits of transformers",
    arguments: TokenTileTests.golden["processed"]?.array ?? [])
  func pixels(_ entry: JSON) throws {
    let processor = try ImageProcessor(configuration: #require(entry["configuration"]))
    let pixels = try processor.pixels(of: Image(path: Fixtures.path(entry.text("file"))))
    let sizes = try #require(entry["sizes"]?.array).map { $0.array?.compactMap(\.integer) }
    #expect(pixels.parts.map { [$0.height, $0.width] } == sizes)
    if let tiles = pixels.tiles {
      #expect(try [tiles.rows, tiles.columns] == entry.integers("tiles"))
      #expect(tiles.overview == .last)
    } else {
      #expect(entry["tiles"]?.isNull ?? false)
    }
    #expect(try crc32(pixels.values) == entry.integer("crc"))
  }

  @Test("images of any size are cut, and resized, as there")
  func choices() throws {
    guard case .tile(let choice, .bilinear)? = try TokenTileTests.processor().steps.first,
      let uncut = choice.uncut
    else { throw ImageError.steps("expected tiles") }
    for entry in try #require(TokenTileTests.golden["choices"]?.array) {
      let numbers = entry.array?.compactMap(\.integer) ?? []
      let (width, height) = (numbers[0], numbers[1])
      let layout = choice.layout(width: width, height: height)
      let isCut = choice.cuts(width: width, height: height)
      #expect((isCut ? [layout.columns, layout.rows] : [0, 0]) == Array(numbers[2...3]))
      let whole = uncut.target.size(width: width, height: height)
      #expect([whole.width, whole.height] == Array(numbers[4...]), "\(entry)")
      #expect(layout.overviewSize == PixelSize(width: whole.width, height: whole.height))
    }
  }

  @Test("the two arithmetics differ, by a level")
  func arithmetics() throws {
    let image = try Image(path: Fixtures.path("images/chelsea.png"))
    let (a, b) = try (
      image.resized(width: 100, height: 70, filter: .bilinear),
      image.resized(width: 100, height: 70, filter: .bilinear, arithmetic: .torchBytes)
    )
    #expect(largestDifference(a, b) == 1)
  }

  @Test(
    "what makes no tokens is refused, with the key",
    arguments: [
      (#", "use_thumbnail": false"#, "use_thumbnail"), (#", "tile_size": 100"#, "tile_size"),
      (#", "tile_size": 2000000"#, "tile_size"), (#", "tile_size": 0"#, "tile_size"),
      (#", "min_tiles": 11"#, "max_tiles"), (#", "max_tiles": 5000"#, "max_tiles"),
      (#", "min_image_tokens": 300"#, "max_image_tokens"),
      (#", "max_image_tokens": 1000000000"#, "max_image_tokens"),
      (#", "encoder_patch_size": "16""#, "encoder_patch_size"),
      (#", "encoder_patch_size": 1000000"#, "downsample_factor"),
      (#", "downsample_factor": 9000000000000000000"#, "downsample_factor"),
      (#", "max_pixels_tolerance": -1"#, "max_pixels_tolerance"),
      (#", "tile_overlap": 8"#, "tile_overlap"),
    ])
  func refusals(members: String, key: String) throws {
    let error = #expect(throws: ImageError.self) { try TokenTileTests.processor(members) }
    #expect(error?.description.contains(key) ?? false, "\(error?.description ?? "")")
  }

  @Test("one tile at most, or none, means that images are seen as a whole")
  func whole() throws {
    for members in [#", "do_image_splitting": false"#, #", "min_tiles": 1, "max_tiles": 1"#] {
      let processor = try TokenTileTests.processor(members)
      let size = ResizeTarget.rounded(
        factor: 32, pixels: 64 * 1024...256 * 1024, takesStrips: true)
      #expect(processor.steps.first == .resize(size, .bilinear))
      #expect(processor.arithmetic == .torchBytes)
    }
  }
}
