// SPDX-License-Identifier: Apache-2.0

/// What a vision tower sees of an image: the whole of it, or tiles of one size and an overview.
package struct PixelTensor: Sendable, Hashable {
  package let channels: Int
  /// Of the image, or of each tile.
  package let height: Int
  package let width: Int
  /// How the image was cut; nil for the whole of it.
  package let tiles: TileLayout?
  /// `[channels, height, width]`, of tiles and overview one after the other.
  package let values: [Float]

  package init(
    channels: Int, height: Int, width: Int, tiles: TileLayout? = nil, values: [Float]
  ) {
    let tile = PixelSize(width: width, height: height)
    let sizes = tiles?.sizes(ofTile: tile) ?? [tile]
    precondition(
      values.count == sizes.reduce(0) { $0 + channels * $1.height * $1.width },
      "\(sizes.count) x \(channels) x \(height) x \(width) does not make "
        + "\(values.count) values")
    self.channels = channels
    self.height = height
    self.width = width
    self.tiles = tiles
    self.values = values
  }

  /// Each tile and the overview as images of their own; the image itself, if it was not cut.
  package var parts: [PixelTensor] {
    guard let tiles else { return [self] }
    var start = 0
    return tiles.sizes(ofTile: PixelSize(width: width, height: height)).map { size in
      let end = start + channels * size.height * size.width
      defer { start = end }
      return PixelTensor(
        channels: channels, height: size.height, width: size.width,
        values: Array(values[start..<end]))
    }
  }
}

/// How an image is cut into tiles: row by row, and before or after them the whole image once more,
/// small enough to be seen at once.
package struct TileLayout: Sendable, Hashable {
  /// Where the whole image stands.
  package enum Overview: String, Sendable, CaseIterable { case first, last }

  package let rows: Int
  package let columns: Int
  package let overview: Overview
  /// The size of the image where it was fitted into the tiles, with borders at two sides; nil where
  /// it fills them.
  package let fitted: PixelSize?
  /// The size of the overview; nil where it is that of a tile.
  package let overviewSize: PixelSize?

  package init(
    rows: Int, columns: Int, overview: Overview = .last, fitted: PixelSize? = nil,
    overviewSize: PixelSize? = nil
  ) {
    self.rows = rows
    self.columns = columns
    self.overview = overview
    self.fitted = fitted
    self.overviewSize = overviewSize
  }

  /// The tiles with the overview.
  package var count: Int { rows * columns + 1 }

  /// The sizes of tiles and overview in their order.
  package func sizes(ofTile tile: PixelSize) -> [PixelSize] {
    ordered(
      [PixelSize](repeating: tile, count: rows * columns), overview: overviewSize ?? tile)
  }

  /// Tiles and overview in their order.
  package func ordered<Element>(_ tiles: [Element], overview whole: Element) -> [Element] {
    overview == .first ? [whole] + tiles : tiles + [whole]
  }
}
