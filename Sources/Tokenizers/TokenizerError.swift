// SPDX-License-Identifier: Apache-2.0

package import BinaryIO

/// A tokenizer's files, vocabulary or chat template that cannot be used.
package enum TokenizerError: Error, CustomStringConvertible, Sendable {
  /// A file that the system would not give.
  case unreadable(FileError)
  /// A file, vocabulary or template that breaks its format.
  case malformed(source: String, reason: String)
  /// Something valid that is not implemented; `feature` names it.
  case unsupported(source: String, feature: String, remedy: String)
  /// A pattern that was given up, for it took too many steps at a place of a text, in bytes of what
  /// was cut.
  case tooCostly(source: String, pattern: String, place: Int)
  /// A chat template that failed while it ran, or refused the messages (`raise_exception`).
  case template(line: Int, reason: String)

  package var description: String {
    switch self {
    case .unreadable(let error): error.description
    case .malformed(let source, let reason): "\(source): \(reason)"
    case .unsupported(let source, let feature, let remedy):
      "\(source): \(feature) is not supported; \(remedy)"
    case .tooCostly(let source, let pattern, let place):
      "\(source): the pattern '\(pattern.prefix(200))' takes too many steps, or too much memory, at byte \(place) of a "
        + "text; expected one of the usual patterns"
    case .template(let line, let reason): "chat template, line \(line): \(reason)"
    }
  }
}
