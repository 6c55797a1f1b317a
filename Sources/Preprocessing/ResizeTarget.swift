// SPDX-License-Identifier: Apache-2.0

/// The rule by which the size of a resized image follows from its original size.
///
/// - Source: transformers 5, `image_transforms.py` and `image_utils.py` (behaviour).
package enum ResizeTarget: Sendable, Hashable {
  /// This size, whatever the proportions.
  case exact(width: Int, height: Int)
  /// Same proportions; the shorter edge gets this length, the longer is rounded down.
  case shortestEdge(Int)
  /// Same proportions; the longer edge gets this length.
  case longestEdge(Int)
  /// Same proportions; as large as fits.
  case within(width: Int, height: Int)
  /// As `shortestEdge`, but smaller if the longer edge would become longer than this.
  case edges(shortest: Int, longest: Int)

  /// The size that an image of this width and height gets, zero where an edge vanishes.
  package func size(width: Int, height: Int) -> (width: Int, height: Int) {
    switch self {
    case .exact(let width, let height): return (width, height)
    case .shortestEdge(let edge):
      // The product comes first: it is exact, so that only the quotient rounds.
      return width <= height
        ? (edge, ResizeTarget.whole(Double(edge * height) / Double(width)))
        : (ResizeTarget.whole(Double(edge * width) / Double(height)), edge)
    case .longestEdge(let edge):
      return ResizeTarget.within(width: edge, height: edge).size(width: width, height: height)
    case .within(let maximumWidth, let maximumHeight):
      let scale = min(
        Double(maximumHeight) / Double(height), Double(maximumWidth) / Double(width))
      return (
        ResizeTarget.whole(Double(width) * scale), ResizeTarget.whole(Double(height) * scale)
      )
    case .edges(let shortest, let longest):
      return ResizeTarget.bounded(
        width: width, height: height, shortest: shortest, longest: longest)
    }
  }

  private static func bounded(
    width: Int, height: Int, shortest: Int, longest: Int
  ) -> (width: Int, height: Int) {
    let short = Double(min(width, height))
    let long = Double(max(width, height))
    var edge = shortest
    var exactEdge = Double(shortest)
    if long / short * Double(shortest) > Double(longest) {
      exactEdge = Double(longest) * short / long
      edge = whole(exactEdge.rounded(.toNearestOrEven))
    }
    if height <= width && height == edge || width <= height && width == edge {
      return (width, height)
    }
    return width < height
      ? (edge, whole(exactEdge * Double(height) / Double(width)))
      : (whole(exactEdge * Double(width) / Double(height)), edge)
  }

  /// Rounds toward zero; what no image can have becomes a size that is refused.
  private static func whole(_ value: Double) -> Int {
    Int(exactly: value.rounded(.towardZero)) ?? Int.max
  }

  /// The edges that the rule names, to be checked before use.
  var edges: [Int] {
    switch self {
    case .exact(let width, let height), .within(let width, let height): [width, height]
    case .shortestEdge(let edge), .longestEdge(let edge): [edge]
    case .edges(let shortest, let longest): [shortest, longest]
    }
  }
}
