// SPDX-License-Identifier: Apache-2.0

import LinearAlgebra
package import Preprocessing

/// A table of learned positions: a row for each patch of a square image, behind those of tokens that
/// stand nowhere, such as a class token.
///
/// Where the model allows it, an image with other patches gets rows in between: the table is resized
/// as an image is, by a filter over the centres of patches, wider where rows become fewer; beyond the
/// edges there is nothing, and the weights add up to 1 without it.
///
/// - Source: Dosovitskiy et al., arXiv:2010.11929, section 3.2; AXLearn's ViT, which calls
///   `jax.image.resize(..., "bicubic")`, and Tschannen et al., arXiv:2502.14786, section 2.4, with
///   PyTorch's `interpolate(..., mode="bilinear", antialias=True)` (behaviour).
package struct LearnedPositions: Sendable {
  /// The rows one after the other: `[rows, channels]`.
  private let values: [Float]
  private let channels: Int
  /// Rows that belong to no patch, at the beginning.
  private let placeless: Int
  /// The side of the square of patches that the table is made for; nil if it is for none, or for no
  /// other image.
  private let side: Int?
  private let filter: ResamplingFilter

  /// The settings by which a block allows it.
  static let settings: Set = ["interpolatesPositions", "positionFilter"]

  /// The filter for images with other patches; nil where there are none.
  static func filter(_ reader: BlockReader) throws(ModelError) -> ResamplingFilter? {
    let setting = "interpolatesPositions"
    guard reader.has(setting), try reader.bool(setting) else { return nil }
    guard reader.has("positionFilter") else { return .bicubic }
    switch try reader.text("positionFilter") {
    case "bicubic": return .bicubic
    case "bilinear": return .bilinear
    case let other:
      throw reader.error("positionFilter: expected bicubic or bilinear, found '\(other)'")
    }
  }

  /// Takes a table.
  ///
  /// - Parameters:
  ///   - values: `[rows, channels]`
  ///   - channels: Of a row, at least 1.
  ///   - placeless: Rows that belong to no patch.
  ///   - filter: By which other images get rows in between; nil if there are none.
  package init(
    _ values: [Float], channels: Int, placeless: Int = 0, filter: ResamplingFilter?
  ) {
    self.values = values
    self.channels = channels
    self.placeless = placeless
    self.filter = filter ?? .bicubic
    side = filter == nil ? nil : exactSquareRoot(max(0, values.count / channels - placeless))
  }

  /// How many rows there are.
  package var count: Int { values.count / channels }

  /// Whether images with such patches have positions.
  package func fits(_ grid: Grid) -> Bool {
    grid.count + placeless == count || side.map { $0 > 0 } ?? false
  }

  /// The rows for an image with such patches; none if ``fits(_:)`` says so.
  package func rows(for grid: Grid) -> [Float] {
    guard fits(grid) else { return [] }
    guard let side, grid != Grid(rows: side, columns: side) else { return values }
    let patches = Array(values.dropFirst(placeless * channels))
    // Lines of the table become lines of the image, then columns likewise.
    let lines = resized(
      patches, lines: side, width: side * channels, to: grid.rows)
    var result = Array(values.prefix(placeless * channels))
    result.reserveCapacity(result.count + grid.count * channels)
    for row in 0..<grid.rows {
      let line = lines[row * side * channels..<(row + 1) * side * channels]
      result += resized(
        Array(line), lines: side, width: channels, to: grid.columns)
    }
    return result
  }

  /// Mixes so many lines, each of `width` numbers, to others.
  private func resized(
    _ values: [Float], lines: Int, width: Int, to count: Int
  ) -> [Float] {
    guard lines != count else { return values }
    var result: [Float] = []
    result.reserveCapacity(count * width)
    var sums = [Double](repeating: 0, count: width)
    for line in 0..<count {
      for i in sums.indices { sums[i] = 0 }
      for (source, weight) in weights(of: line, from: lines, to: count) {
        for i in 0..<width { sums[i] += weight * Double(values[source * width + i]) }
      }
      result += sums.map { Float($0) }
    }
    return result
  }

  /// What a line of `count` is mixed of, when there were `lines`.
  private func weights(
    of line: Int, from lines: Int, to count: Int
  ) -> [(source: Int, weight: Double)] {
    let step = Double(lines) / Double(count)
    let center = (Double(line) + 0.5) * step - 0.5
    let stretch = max(step, 1)
    let reach = filter.support * stretch
    let first = max(0, Int((center - reach).rounded(.up)))
    let last = min(lines - 1, Int((center + reach).rounded(.down)))
    let weights = (first...max(first, last)).map {
      filter.weight((Double($0) - center) / stretch)
    }
    let sum = weights.reduce(0, +)
    return weights.enumerated().map { (first + $0.offset, $0.element / sum) }
  }
}
