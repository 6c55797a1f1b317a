// SPDX-License-Identifier: Apache-2.0

import CPCRE2

/// A compiled regular expression that cuts text into words before its words become pieces.
///
/// PCRE2 runs it, on UTF-8 and with Unicode's properties; the expression itself is in the dialect of
/// Oniguruma, which `tokenizer.json` is written for.
struct Pattern: Sendable, Equatable {
  /// The expression as it was written.
  let source: String
  fileprivate let code: Code

  /// Compiles a regular expression.
  ///
  /// - Throws: ``TokenizerError/unsupported(source:feature:remedy:)`` for an expression that PCRE2
  ///   does not know, or that it would understand in another way, naming what is wrong.
  init(_ expression: String, source: String) throws(TokenizerError) {
    func unsupported(_ feature: String) -> TokenizerError {
      .unsupported(
        source: source, feature: "\(feature) in the pre-tokenizer pattern '\(expression)'",
        remedy: "expected one of the usual patterns")
    }
    var dialect = PatternDialect(expression)
    do throws(PatternDialect.Refusal) {
      code = try Code(try dialect.translated())
    } catch {
      throw unsupported(error.feature)
    }
    self.source = expression
  }

  static func == (a: Pattern, b: Pattern) -> Bool { a.source == b.source }

  /// Owns PCRE2's program, which matchers only read.
  fileprivate final class Code: @unchecked Sendable {
    let pointer: OpaquePointer

    init(_ expression: String) throws(PatternDialect.Refusal) {
      let context = pcre2_compile_context_create_8(nil)
      defer { pcre2_compile_context_free_8(context) }
      // A dot takes everything but a line feed, whatever PCRE2 was built for.
      pcre2_set_newline_8(context, UInt32(PCRE2_NEWLINE_LF))
      let bytes = Array(expression.utf8)
      var number: Int32 = 0
      var place = 0
      let options = UInt32(PCRE2_UTF) | UInt32(PCRE2_UCP) | UInt32(PCRE2_MULTILINE)
      guard
        let pointer = pcre2_compile_8(bytes, bytes.count, options, &number, &place, context)
      else { throw PatternDialect.Refusal(feature: Self.message(number)) }
      self.pointer = pointer
      // Without a compiler for this processor, PCRE2 interprets the program.
      pcre2_jit_compile_8(pointer, UInt32(PCRE2_JIT_COMPLETE))
    }

    deinit { pcre2_code_free_8(pointer) }

    private static func message(_ number: Int32) -> String {
      var buffer = [UInt8](repeating: 0, count: 256)
      let length = pcre2_get_error_message_8(number, &buffer, buffer.count)
      return String(decoding: buffer.prefix(Int(max(length, 0))), as: UTF8.self)
    }
  }
}

/// Finds matches of a pattern in valid UTF-8.
struct PatternMatcher: ~Copyable {
  private let code: Pattern.Code
  private let text: UnsafeBufferPointer<UInt8>
  private let match: OpaquePointer?
  private let context: OpaquePointer?
  private let stack: OpaquePointer?
  /// Whether a search was given up.
  private var isExhausted = false

  init(_ pattern: Pattern, in text: UnsafeBufferPointer<UInt8>) {
    code = pattern.code
    self.text = text
    match = pcre2_match_data_create_8(1, nil)
    context = pcre2_match_context_create_8(nil)
    stack = pcre2_jit_stack_create_8(32 << 10, 8 << 20, nil)
    // What one search may cost in steps and in KiB; a hostile pattern gives up instead of hanging.
    pcre2_set_match_limit_8(context, 10_000_000)
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
  /// They may be empty, but not where the one before ends. If looking for them costs too much, there
  /// are no more of them.
  mutating func matches(in bounds: Range<Int>) -> [Range<Int>] {
    guard let match, let base = text.baseAddress, !isExhausted else { return [] }
    let part = UnsafeBufferPointer(start: base + bounds.lowerBound, count: bounds.count)
    var result: [Range<Int>] = []
    var last = -1
    var offset = 0
    while offset <= part.count {
      let count = find(match, in: part, from: offset)
      guard count >= 0, let ends = pcre2_get_ovector_pointer_8(match) else {
        isExhausted = count != PCRE2_ERROR_NOMATCH
        break
      }
      let (start, end) = (ends[0], ends[1])
      // With `\K` or looking behind, a match could start before the search; no pattern in use does.
      guard start >= offset, end > start || start != last else {
        offset += offset < part.count ? UTF8Text.length(startingWith: part[offset]) : 1
        continue
      }
      result.append(bounds.lowerBound + start..<bounds.lowerBound + end)
      (last, offset) = (end, end)
    }
    return result
  }

  private func find(
    _ match: OpaquePointer, in part: UnsafeBufferPointer<UInt8>, from offset: Int
  ) -> Int32 {
    func run(_ options: UInt32) -> Int32 {
      pcre2_match_8(
        code.pointer, part.baseAddress, part.count, offset, options | UInt32(PCRE2_NO_UTF_CHECK),
        match, context)
    }
    let count = run(0)
    return count == PCRE2_ERROR_JIT_STACKLIMIT ? run(UInt32(PCRE2_NO_JIT)) : count
  }
}
