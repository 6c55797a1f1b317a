// SPDX-License-Identifier: Apache-2.0

/// What a vision tower sees of an image: the whole of it, or tiles of one size.
package struct PixelTensor: Sendable, Hashable {
  package let channels: Int
  package let height: Int
  package let width: Int
  /// How the image was cut; nil for the whole of it.
  package let tiles: TileLayout?
  /// `[channels, height, width]`, of tiles one after the other.
  package let values: [Float]

  package init(
    channels: Int, height: Int, width: Int, tiles: TileLayout? = nil, values: [Float]
  ) {
    precondition(
      values.count == (tiles?.count ?? 1) * channels * height * width,
      "\(tiles?.count ?? 1) x \(channels) x \(height) x \(width) does not make "
        + "\(values.count) values")
    self.channels = channels
    self.height = height
    self.width = width
    self.tiles = tiles
    self.values = values
  }

  /// Each tile as an image of its own; the image itself, if it was not cut.
  package var parts: [PixelTensor] {
    guard let tiles else { return [self] }
    let size = channels * height * width
    return (0..<tiles.count).map {
      PixelTensor(
        channels: channels, height: height, width: width,
        values: Array(values[$0 * size..<($0 + 1) * size]))
    }
  }
}

/// How an image is cut into tiles: row by row, and before or after them the whole image once more, as
/// small as a tile.
package struct TileLayout: Sendable, Hashable {
  /// Where the whole image stands.
  package enum Overview: String, Sendable, CaseIterable { case first, last }

  package let rows: Int
  package let columns: Int
  package let overview: Overview
  /// The size of the image where it was fitted into the tiles, with borders at two sides; nil where
  /// it fills them.
  package let fitted: PixelSize?

  package init(
    rows: Int, columns: Int, overview: Overview = .last, fitted: PixelSize? = nil
  ) {
    self.rows = rows
    self.columns = columns
    self.overview = overview
    self.fitted = fitted
  }

  /// The tiles with the overview.
  package var count: Int { rows * columns + 1 }

  /// Tiles and overview in their order.
  package func ordered<Element>(_ tiles: [Element], overview whole: Element) -> [Element] {
    overview == .first ? [whole] + tiles : tiles + [whole]
  }
}
