// SPDX-License-Identifier: Apache-2.0

/// A text and the parts that it has been cut into; merges never cross from one to another.
struct Words: Equatable {
  /// Valid UTF-8.
  var text: [UInt8]
  /// In order, none empty.
  var ranges: [Range<Int>]

  init(_ text: [UInt8]) {
    self.text = text
    ranges = text.isEmpty ? [] : [0..<text.count]
  }

  /// What happens to the matches of a pattern that cuts.
  enum Behavior: String, Sendable {
    case isolated = "Isolated"
    case removed = "Removed"
    case mergedWithPrevious = "MergedWithPrevious"
    case mergedWithNext = "MergedWithNext"
    case contiguous = "Contiguous"
  }

  /// Cuts every word at the matches of a pattern.
  ///
  /// - Parameters:
  ///   - pattern: Where to cut.
  ///   - behavior: What becomes of the matches.
  ///   - isInverted: Whether what lies between matches counts as the matches.
  /// - Throws: ``TokenizerError/tooCostly(source:pattern:place:)``
  mutating func split(
    by pattern: Pattern, _ behavior: Behavior, isInverted: Bool
  ) throws(TokenizerError) {
    let (text, ranges) = (text, ranges)
    self.ranges = try text.withUnsafeBufferPointer { (text) throws(TokenizerError) in
      var result: [Range<Int>] = []
      var matcher = PatternMatcher(pattern, in: text)
      for range in ranges {
        var parts = Self.parts(of: range, at: try matcher.matches(in: range))
        if isInverted { for i in parts.indices { parts[i].isMatch.toggle() } }
        Self.join(parts, behavior, into: &result)
      }
      return result.filter { !$0.isEmpty }
    }
  }

  private struct Part {
    var range: Range<Int>
    var isMatch: Bool
  }

  private static func parts(of bounds: Range<Int>, at matches: [Range<Int>]) -> [Part] {
    var parts: [Part] = []
    var done = bounds.lowerBound
    for match in matches {
      if done < match.lowerBound {
        parts.append(Part(range: done..<match.lowerBound, isMatch: false))
      }
      parts.append(Part(range: match, isMatch: true))
      done = match.upperBound
    }
    if done < bounds.upperBound {
      parts.append(Part(range: done..<bounds.upperBound, isMatch: false))
    }
    return parts
  }

  private static func join(
    _ parts: [Part], _ behavior: Behavior, into result: inout [Range<Int>]
  ) {
    switch behavior {
    case .isolated: result += parts.map(\.range)
    case .removed: result += parts.lazy.filter { !$0.isMatch }.map(\.range)
    case .mergedWithPrevious:
      joinNeighbours(parts, into: &result) { !$0.isMatch && $1.isMatch }
    case .mergedWithNext:
      joinNeighbours(parts, into: &result) { $0.isMatch && !$1.isMatch }
    case .contiguous:
      joinNeighbours(parts, into: &result) { $0.isMatch == $1.isMatch }
    }
  }

  private static func joinNeighbours(
    _ parts: [Part], into result: inout [Range<Int>], when joins: (Part, Part) -> Bool
  ) {
    for (i, part) in parts.enumerated() {
      if i > 0, joins(parts[i - 1], part), let last = result.popLast() {
        result.append(last.lowerBound..<part.range.upperBound)
      } else {
        result.append(part.range)
      }
    }
  }

  /// Rewrites every word; words may grow but not vanish.
  mutating func rewrite(_ change: (_ index: Int, ArraySlice<UInt8>) -> [UInt8]) {
    var result: [UInt8] = []
    var cuts: [Range<Int>] = []
    for (index, range) in ranges.enumerated() {
      let start = result.count
      result += change(index, text[range])
      if result.count > start { cuts.append(start..<result.count) }
    }
    (text, ranges) = (result, cuts)
  }
}
