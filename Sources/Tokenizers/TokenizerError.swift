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
  /// A chat template that failed while it ran, or refused the messages (`raise_exception`).
  case template(line: Int, reason: String)

  package var description: String {
    switch self {
    case .unreadable(let error): error.description
    case .malformed(let source, let reason): "\(source): \(reason)"
    case .unsupported(let source, let feature, let remedy):
      "\(source): \(feature) is not supported; \(remedy)"
    case .template(let line, let reason): "chat template, line \(line): \(reason)"
    }
  }
}
