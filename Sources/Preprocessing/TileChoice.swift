// SPDX-License-Identifier: Apache-2.0

/// Chooses how many tiles an image is cut into: those whose proportions come closest to its own.
///
/// - Source: transformers 5, `image_processing_got_ocr2.py` (behaviour).
package struct TileChoice: Sendable, Hashable {
  /// Of a tile.
  package let width: Int
  package let height: Int
  /// The fewest and the most tiles, without the overview.
  package let counts: ClosedRange<Int>

  /// More tiles than any processor asks for.
  static let maximumCount = 256

  package init(width: Int, height: Int, counts: ClosedRange<Int>) {
    self.width = width
    self.height = height
    self.counts = counts
  }

  /// The tiles for an image of a size.
  ///
  /// Of arrangements that come equally close, a larger one counts as long as its pixels are less
  /// than twice those of the image.
  package func layout(width imageWidth: Int, height imageHeight: Int) -> TileLayout {
    let proportion = Double(imageWidth) / Double(imageHeight)
    let area = Double(imageWidth) * Double(imageHeight)
    var best = TileLayout(rows: 1, columns: 1)
    var least = Double.infinity
    for layout in arrangements {
      let difference = abs(proportion - Double(layout.columns) / Double(layout.rows))
      let room = Double(width * height) * Double(layout.columns * layout.rows)
      if difference < least || difference == least && area > 0.5 * room {
        (best, least) = (layout, difference)
      }
    }
    return best
  }

  /// All of them from few tiles to many; of as many, from narrow to wide.
  var arrangements: [TileLayout] {
    counts.flatMap { count in
      (1...max(1, count)).filter { count % $0 == 0 }.map {
        TileLayout(rows: count / $0, columns: $0)
      }
    }
  }
}
