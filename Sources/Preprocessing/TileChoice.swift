// SPDX-License-Identifier: Apache-2.0

/// Chooses how many tiles an image is cut into: those whose proportions come closest to its own.
///
/// - Source: transformers 5, `image_processing_got_ocr2.py` and `image_processing_lfm2_vl.py`
///   (behaviour).
package struct TileChoice: Sendable, Hashable {
  /// Of a tile.
  package let width: Int
  package let height: Int
  /// The fewest and the most tiles, without the overview.
  package let counts: ClosedRange<Int>
  /// Which images are not cut, and how large they and overviews become; nil where all are cut that
  /// come closest to several tiles, and an overview is as large as a tile.
  package let uncut: Uncut?

  /// Images that are small enough to be seen as a whole.
  package struct Uncut: Sendable, Hashable {
    /// The size of one that is not cut, and of an overview.
    package let target: ResizeTarget
    /// The edges are rounded to multiples of this, half to even, before their pixels are counted,
    /// and count for at least `least`.
    package let factor: Int
    package let least: Int
    /// The most pixels.
    package let most: Double

    package init(target: ResizeTarget, factor: Int, least: Int, most: Double) {
      self.target = target
      self.factor = factor
      self.least = least
      self.most = most
    }

    fileprivate func takes(width: Int, height: Int) -> Bool {
      let (w, h) = (length(width), length(height))
      return w * h <= most
    }

    private func length(_ length: Int) -> Double {
      let unit = Double(factor)
      return max(Double(least), (Double(length) / unit).rounded(.toNearestOrEven) * unit)
    }
  }

  /// More tiles than any processor asks for.
  static let maximumCount = 256

  package init(width: Int, height: Int, counts: ClosedRange<Int>, uncut: Uncut? = nil) {
    self.width = width
    self.height = height
    self.counts = counts
    self.uncut = uncut
  }

  /// Whether an image of a size is cut at all.
  package func cuts(width: Int, height: Int) -> Bool {
    uncut.map { !$0.takes(width: width, height: height) } ?? true
  }

  /// The size of the overview of an image, or of one that is not cut.
  func overviewSize(width imageWidth: Int, height imageHeight: Int) -> (width: Int, height: Int) {
    uncut.map { $0.target.size(width: imageWidth, height: imageHeight) } ?? (width, height)
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
    guard uncut != nil else { return best }
    let overview = overviewSize(width: imageWidth, height: imageHeight)
    return TileLayout(
      rows: best.rows, columns: best.columns,
      overviewSize: PixelSize(width: overview.width, height: overview.height))
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
