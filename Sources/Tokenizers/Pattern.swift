// SPDX-License-Identifier: Apache-2.0

import CPCRE2

/// A compiled regular expression that cuts text into words before its words become pieces.
///
/// PCRE2 runs it, on UTF-8 and with Unicode's properties; the expression itself is in the dialect
/// of Oniguruma, which `tokenizer.json` is written for.
struct Pattern: Sendable, Equatable {
  /// The expression as it was written.
  let source: String
  /// The file that it stands in, for messages.
  let file: String
  let code: Code

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
    file = source
  }

  static func == (a: Pattern, b: Pattern) -> Bool { a.source == b.source }

  /// Owns PCRE2's program, which matchers only read.
  final class Code: @unchecked Sendable {
    let pointer: OpaquePointer

    init(_ expression: String) throws(PatternDialect.Refusal) {
      let context = pcre2_compile_context_create_8(nil)
      defer { pcre2_compile_context_free_8(context) }
      // A dot takes everything but a line feed, whatever PCRE2 was built for.
      pcre2_set_newline_8(context, UInt32(PCRE2_NEWLINE_LF))
      let bytes = Array(expression.utf8)
      var number: Int32 = 0
      var place = 0
      let options =
        UInt32(PCRE2_UTF) | UInt32(PCRE2_UCP) | UInt32(PCRE2_MULTILINE)
        | UInt32(PCRE2_USE_OFFSET_LIMIT)
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
