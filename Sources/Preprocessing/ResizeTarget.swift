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
  /// Same proportions; the longer edge gets this length, but at most `limit`, the shorter an even
  /// one.
  case evenLongestEdge(Int, limit: Int)
  /// The longer edge up to the next multiple, then the shorter in proportion up to the next.
  case multiples(of: Int)
  /// Multiples of `factor` that come closest, with `pixels` in all; strips of more than 200 to 1
  /// are refused unless `takesStrips`.
  case rounded(factor: Int, pixels: ClosedRange<Int>, takesStrips: Bool = false)
  /// Same proportions as nearly as multiples of `factor` allow, with at most `pixels` in all.
  case budget(factor: Int, pixels: Int)
  /// Same proportions and no larger than a size, then both edges up to whole patches.
  case patches(of: Int, within: PixelSize)

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
    case .evenLongestEdge(let edge, let limit):
      let size = ResizeTarget.even(width: width, height: height, longest: edge)
      return max(size.width, size.height) <= limit
        ? size : ResizeTarget.longest(width: size.width, height: size.height, edge: limit)
    case .multiples(let length):
      let proportion = Double(width) / Double(height)
      if width >= height {
        let longer = ResizeTarget.up(width, length)
        return (longer, ResizeTarget.up(ResizeTarget.whole(Double(longer) / proportion), length))
      }
      let longer = ResizeTarget.up(height, length)
      return (ResizeTarget.up(ResizeTarget.whole(Double(longer) * proportion), length), longer)
    case .rounded(let factor, let pixels, let takesStrips):
      return ResizeTarget.rounded(
        width: width, height: height, factor: factor, pixels: pixels, takesStrips: takesStrips)
    case .budget(let factor, let pixels):
      return ResizeTarget.budgeted(width: width, height: height, factor: factor, pixels: pixels)
    case .patches(let patch, let most):
      let ratio = max(
        Double(height) / Double(most.height), Double(width) / Double(most.width), 1)
      return (
        ResizeTarget.up(ResizeTarget.whole(Double(width) / ratio), patch),
        ResizeTarget.up(ResizeTarget.whole(Double(height) / ratio), patch)
      )
    }
  }

  /// The longer edge of this length; the shorter is cut to a whole number.
  private static func longest(width: Int, height: Int, edge: Int) -> (width: Int, height: Int) {
    let proportion = Double(width) / Double(height)
    return width >= height
      ? (edge, max(1, whole(Double(edge) / proportion)))
      : (max(1, whole(Double(edge) * proportion)), edge)
  }

  private static func even(width: Int, height: Int, longest edge: Int) -> (width: Int, height: Int)
  {
    let proportion = Double(width) / Double(height)
    let shorter = whole(width >= height ? Double(edge) / proportion : Double(edge) * proportion)
    let even = max(1, shorter == .max ? shorter : shorter + shorter % 2)
    return width >= height ? (edge, even) : (even, edge)
  }

  /// The next multiple; what no image can have stays.
  private static func up(_ length: Int, _ factor: Int) -> Int {
    length > Image.maximumDimension ? length : (length + factor - 1) / factor * factor
  }

  /// - Source: transformers 5, `image_processing_qwen2_vl.py` and, for strips,
  ///   `image_processing_lfm2_vl.py` (behaviour).
  private static func rounded(
    width: Int, height: Int, factor: Int, pixels: ClosedRange<Int>, takesStrips: Bool
  ) -> (width: Int, height: Int) {
    // Longer strips are refused there as well: what no image can have becomes a size that is.
    guard takesStrips || max(width, height) <= 200 * min(width, height) else { return (0, 0) }
    let unit = Double(factor)
    func multiple(_ length: Double, _ rule: FloatingPointRoundingRule) -> Int {
      let count = (length / unit).rounded(rule)
      return Int(exactly: count * unit) ?? .max
    }
    let (w, h) = (Double(width), Double(height))
    let least = takesStrips ? factor : 0
    let size = (
      max(least, multiple(w, .toNearestOrEven)), max(least, multiple(h, .toNearestOrEven))
    )
    guard size.0 <= Image.maximumDimension * 2, size.1 <= Image.maximumDimension * 2 else {
      return size
    }
    if size.0 * size.1 > pixels.upperBound {
      let shrink = (w * h / Double(pixels.upperBound)).squareRoot()
      return (max(factor, multiple(w / shrink, .down)), max(factor, multiple(h / shrink, .down)))
    }
    if size.0 * size.1 < pixels.lowerBound {
      let grow = (Double(pixels.lowerBound) / (w * h)).squareRoot()
      return (multiple(w * grow, .up), multiple(h * grow, .up))
    }
    return size
  }

  /// - Source: transformers 5, `image_processing_pil_gemma4.py` (behaviour).
  private static func budgeted(
    width: Int, height: Int, factor: Int, pixels: Int
  ) -> (width: Int, height: Int) {
    let scale = (Double(pixels) / Double(height * width)).squareRoot()
    func multiple(_ length: Int) -> Int {
      whole((scale * Double(length) / Double(factor)).rounded(.down)) * factor
    }
    let longest = pixels / (factor * factor) * factor
    func strip(_ longer: Int, _ shorter: Int) -> Int {
      min(longer / shorter * factor, longest)
    }
    var size = (width: multiple(width), height: multiple(height))
    if size.height == 0, size.width > 0 {
      size = (strip(width, height), factor)
    } else if size.width == 0, size.height > 0 {
      size = (factor, strip(height, width))
    }
    // What does not fit there is refused there, too.
    return size.width * size.height <= pixels ? size : (0, 0)
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
    case .evenLongestEdge(let edge, let limit): [edge, limit]
    case .multiples(let length): [length]
    case .rounded(let factor, _, _), .budget(let factor, _): [factor]
    case .patches(let patch, let most): [patch, most.width, most.height]
    }
  }
}
