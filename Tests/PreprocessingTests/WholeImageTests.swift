// SPDX-License-Identifier: Apache-2.0

import Fixtures
import Preprocessing
import Testing

/// Images that are kept whole by processors that would cut them.
struct WholeImageTests {
  private static let uncut = TileChoice.Uncut(
    target: .exact(width: 96, height: 64), factor: 32, least: 32, most: 4096)
  private static let square = PixelSize(width: 128, height: 128)

  /// Steps that cut an image, each in another way.
  static let steps: [ImageStep] = [
    .split(width: 64, height: 64, .bilinear),
    .tile(TileChoice(width: 48, height: 48, counts: 2...6), .bicubic),
    .tile(TileChoice(width: 48, height: 48, counts: 2...6, uncut: uncut), .bicubic),
    .fit(CanvasChoice(canvases: [square], tile: 64), .bicubic),
    .fit(CanvasChoice(canvases: [square], tile: 64, overview: .first), .bicubic),
    .fit(
      CanvasChoice(canvases: [square], tile: 64, rule: .leastBorder, fitsOverview: true), .bicubic),
    .fit(
      CanvasChoice(canvases: [square], tile: 64, rule: .leastBorder, stretches: true), .bicubic),
  ]

  @Test("an image that is kept whole is what its overview would be", arguments: steps)
  func overview(step: ImageStep) throws {
    let processor = try ImageProcessor(steps: [step, .rescale(1 / 255)])
    #expect(processor.cutsImages)
    let image = try Image(path: Fixtures.path("images/chelsea.png"))
    let cut = try processor.pixels(of: image)
    let tiles = try #require(cut.tiles)
    let whole = try processor.pixels(of: image, cuts: false)
    #expect(whole.tiles == nil)
    #expect(whole == (tiles.overview == .first ? cut.parts.first : cut.parts.last))
  }

  @Test("where nothing is cut, nothing changes")
  func uncut() throws {
    let processor = try ImageProcessor(steps: [.resize(.exact(width: 30, height: 20), .bilinear)])
    #expect(!processor.cutsImages)
    let image = try Image(path: Fixtures.path("images/chelsea.png"))
    #expect(try processor.pixels(of: image, cuts: false) == processor.pixels(of: image))
  }
}
