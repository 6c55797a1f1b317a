// SPDX-License-Identifier: Apache-2.0

import CPCRE2

/// Finds matches of a pattern in valid UTF-8, within bounds for what that may cost.
///
/// A search may try each place of a text and go back and forth from it, for as long as the pattern
/// wants: one of a stranger could take years. So each place has few steps at first, as many as the
/// patterns in use ever take but in long runs of one kind of character; where they do not suffice,
/// it gets more and more, out of a stock for the whole text that grows with its length.
struct PatternMatcher: ~Copyable {
  private let pattern: Pattern
  private let text: UnsafeBufferPointer<UInt8>
  private let match: OpaquePointer?
  private let context: OpaquePointer?
  private let stack: OpaquePointer?
  /// The steps that are left for places where few do not suffice.
  private var stock: Int

  /// The steps that each place may take.
  private static let fewSteps = 256

  /// Prepares a search.
  ///
  /// - Parameters:
  ///   - pattern: What is looked for.
  ///   - text: Valid UTF-8, which must stay as long as the matcher.
  init(_ pattern: Pattern, in text: UnsafeBufferPointer<UInt8>) {
    self.pattern = pattern
    self.text = text
    match = pcre2_match_data_create_8(1, nil)
    context = pcre2_match_context_create_8(nil)
    stack = pcre2_jit_stack_create_8(32 << 10, 8 << 20, nil)
    stock = 16 << 20 + 16 * text.count
    pcre2_set_heap_limit_8(context, 64 << 10)
    pcre2_jit_stack_assign_8(context, nil, UnsafeMutableRawPointer(stack))
  }

  deinit {
    pcre2_match_data_free_8(match)
    pcre2_match_context_free_8(context)
    pcre2_jit_stack_free_8(stack)
  }

  /// The matches in the part `bounds` of the text, which is all that exists for the pattern.
  ///
  /// They may be empty, but not where the one before ends.
  ///
  /// - Parameter bounds: The part.
  /// - Returns: Ranges of the text, in order.
  /// - Throws: ``TokenizerError/tooCostly(source:pattern:place:)`` if looking for them takes too
  ///   many steps.
  mutating func matches(in bounds: Range<Int>) throws(TokenizerError) -> [Range<Int>] {
    guard let match, let base = text.baseAddress else { return [] }
    let part = UnsafeBufferPointer(start: base + bounds.lowerBound, count: bounds.count)
    var result: [Range<Int>] = []
    var last = -1
    var offset = 0
    while offset <= part.count {
      guard try find(match, in: part, from: offset, of: bounds.lowerBound),
        let ends = pcre2_get_ovector_pointer_8(match)
      else { break }
      let (start, end) = (ends[0], ends[1])
      // With `\K` or looking behind, a match could start before the search; no pattern in use does.
      guard start >= offset, end > start || start != last else {
        offset += step(from: offset, in: part)
        continue
      }
      result.append(bounds.lowerBound + start..<bounds.lowerBound + end)
      (last, offset) = (end, end)
    }
    return result
  }

  private func step(from offset: Int, in part: UnsafeBufferPointer<UInt8>) -> Int {
    offset < part.count ? UTF8Text.length(startingWith: part[offset]) : 1
  }

  /// Whether there is a match at `offset` or later.
  private mutating func find(
    _ match: OpaquePointer, in part: UnsafeBufferPointer<UInt8>, from offset: Int, of origin: Int
  ) throws(TokenizerError) -> Bool {
    let count = run(match, in: part, from: offset, upTo: part.count, steps: Self.fewSteps)
    if count >= 0 || count == PCRE2_ERROR_NOMATCH { return count >= 0 }
    // Which place takes more is not said, so each is tried by itself.
    var start = offset
    while start <= part.count {
      var steps = Self.fewSteps
      while true {
        let count = run(match, in: part, from: start, upTo: start, steps: steps)
        if count >= 0 { return true }
        if count == PCRE2_ERROR_NOMATCH { break }
        steps *= 4
        stock -= steps
        guard count == PCRE2_ERROR_MATCHLIMIT, stock >= 0 else {
          throw .tooCostly(
            source: pattern.file, pattern: pattern.source, place: origin + start)
        }
      }
      start += step(from: start, in: part)
    }
    return false
  }

  /// Looks for a match that starts from `offset` to `last`, with so many steps for each place.
  private func run(
    _ match: OpaquePointer, in part: UnsafeBufferPointer<UInt8>, from offset: Int, upTo last: Int,
    steps: Int
  ) -> Int32 {
    pcre2_set_match_limit_8(context, UInt32(clamping: steps))
    pcre2_set_offset_limit_8(context, last)
    func run(_ options: UInt32) -> Int32 {
      pcre2_match_8(
        pattern.code.pointer, part.baseAddress, part.count, offset,
        options | UInt32(PCRE2_NO_UTF_CHECK), match, context)
    }
    let count = run(0)
    return count == PCRE2_ERROR_JIT_STACKLIMIT ? run(UInt32(PCRE2_NO_JIT)) : count
  }
}
