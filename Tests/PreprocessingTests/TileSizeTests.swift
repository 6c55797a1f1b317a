// SPDX-License-Identifier: Apache-2.0

import Preprocessing
import Testing

/// The sizes that processors with rules of their own give images.
struct TileSizeTests {
  /// Width and height; then what transformers 5.24 computes: `smart_resize` of Qwen2-VL with 28
  /// and 3136 to 1003520 pixels, the first and, from the original, the second size of SmolVLM with
  /// an edge of 1536 and tiles of 384, and the tiles across and down of GOT-OCR 2, 1 to 12 of 448.
  static let cases: [(Int, Int, [Int], [Int], [Int], [Int])] = [
    (1, 1, [56, 56], [1536, 1536], [384, 384], [1, 1]),
    (28, 28, [56, 56], [1536, 1536], [384, 384], [1, 1]),
    (42, 70, [56, 56], [922, 1536], [384, 384], [2, 3]),
    (451, 300, [448, 308], [1536, 1022], [768, 768], [3, 2]),
    (300, 451, [308, 448], [1022, 1536], [768, 768], [2, 3]),
    (4000, 3000, [1148, 840], [1536, 1152], [4224, 3456], [4, 3]),
    (123, 4567, [112, 4564], [42, 1536], [384, 4608], [1, 12]),
    (1920, 1080, [1316, 728], [1536, 864], [1920, 1152], [4, 2]),
    (14, 2000, [28, 672], [10, 1536], [384, 2304], [1, 12]),
    (2552, 1047, [1540, 616], [1536, 630], [2688, 1152], [5, 2]),
    (1469, 2829, [700, 1372], [798, 1536], [1920, 3072], [2, 4]),
    (2671, 2172, [1092, 896], [1536, 1250], [2688, 2304], [4, 3]),
    (119, 1908, [112, 1904], [96, 1536], [384, 1920], [1, 12]),
    (1021, 2659, [616, 1596], [590, 1536], [1152, 2688], [2, 5]),
    (213, 643, [224, 644], [508, 1536], [384, 768], [1, 3]),
    (464, 1523, [476, 1512], [468, 1536], [768, 1536], [1, 3]),
  ]

  @Test("sizes and tiles are those of transformers", arguments: cases.indices)
  func sizes(index: Int) {
    let (width, height, merged, even, multiples, tiles) = TileSizeTests.cases[index]
    func size(_ target: ResizeTarget) -> [Int] {
      let size = target.size(width: width, height: height)
      return [size.width, size.height]
    }
    #expect(size(.rounded(factor: 28, pixels: 3136...1_003_520)) == merged)
    #expect(size(.evenLongestEdge(1536, limit: 4096)) == even)
    #expect(size(.multiples(of: 384)) == multiples)
    let layout = TileChoice(width: 448, height: 448, counts: 1...12)
      .layout(width: width, height: height)
    #expect([layout.columns, layout.rows] == tiles)
  }

  /// Width and height; then what transformers 5 computes for Pixtral with 1024 and patches of 16, and
  /// for Mistral Small 3.1 with 1540 and squares of two patches of 14.
  static let patchCases: [(Int, Int, [Int], [Int])] = [
    (1, 1, [16, 16], [28, 28]),
    (16, 16, [16, 16], [28, 28]),
    (17, 33, [32, 48], [28, 56]),
    (451, 300, [464, 304], [476, 308]),
    (300, 451, [304, 464], [308, 476]),
    (1024, 1024, [1024, 1024], [1036, 1036]),
    (1025, 1024, [1024, 1024], [1036, 1036]),
    (4000, 3000, [1024, 768], [1540, 1176]),
    (5000, 2, [1024, 0], [1540, 0]),
    (2048, 1000, [1024, 512], [1540, 756]),
    (3794, 3060, [1024, 832], [1540, 1260]),
    (2190, 1136, [1024, 544], [1540, 812]),
    (1526, 54, [1024, 48], [1540, 56]),
    (2773, 4120, [704, 1024], [1036, 1540]),
    (3800, 4955, [800, 1024], [1204, 1540]),
    (664, 2738, [256, 1024], [392, 1540]),
  ]

  @Test("whole patches are those of transformers", arguments: patchCases.indices)
  func patches(index: Int) {
    let (width, height, pixtral, mistral) = TileSizeTests.patchCases[index]
    for (patch, edge, expected) in [(16, 1024, pixtral), (28, 1540, mistral)] {
      let target = ResizeTarget.patches(of: patch, within: PixelSize(width: edge, height: edge))
      let size = target.size(width: width, height: height)
      #expect([size.width, size.height] == expected)
    }
  }

  @Test("strips that are too long have no size")
  func strips() {
    let target = ResizeTarget.rounded(factor: 28, pixels: 3136...1_003_520)
    #expect(target.size(width: 201, height: 1) == (0, 0))
    #expect(target.size(width: Image.maximumDimension, height: Image.maximumDimension).width < 1100)
  }

  @Test("a cut image has its tiles row by row, and all of it behind them")
  func tiles() throws {
    let pixels = (0..<4 * 4).flatMap { index -> [UInt8] in
      let quarter = UInt8(index / 8 * 2 + index % 4 / 2)
      return [10 * quarter, 10 * quarter, 10 * quarter]
    }
    let image = Image(width: 4, height: 4, pixels: pixels)
    let processor = try ImageProcessor(steps: [.split(width: 2, height: 2, .box)])
    let result = try processor.pixels(of: image)
    #expect(result.tiles == TileLayout(rows: 2, columns: 2))
    #expect(result.parts.map(\.values).prefix(4).map { Set($0) } == [[0], [10], [20], [30]])
    #expect(result.parts.last?.values.prefix(4) == [0, 10, 20, 30])
    let small = Image(width: 2, height: 2, pixels: [UInt8](repeating: 7, count: 12))
    #expect(try processor.pixels(of: small).tiles == nil)
  }
}
