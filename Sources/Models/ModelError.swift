// SPDX-License-Identifier: Apache-2.0

package import BinaryIO
package import Checkpoints
package import Preprocessing
package import Tokenizers

/// A model that cannot be read or run, and why: what happened, where, and what to do.
package enum ModelError: Error, CustomStringConvertible, Sendable {
  case file(FileError)
  case checkpoint(CheckpointError)
  case tokenizer(TokenizerError)
  case image(ImageError)
  /// No declaration claims the model.
  case unknownArchitecture(path: String, field: String, value: String?, known: [String])
  /// A configuration or metadata key that is missing or makes no sense.
  case configuration(path: String, key: String, sentence: String)
  /// A mistake in a declaration.
  case declaration(name: String, sentence: String)
  /// The tensors of a checkpoint are not those that its architecture declares.
  case census(path: String, sentence: String)
  /// A weight that holds NaN or infinities.
  case notFinite(path: String, tensor: String, count: Int, first: [Int])
  /// The task was cancelled.
  case cancelled
  /// A request that the model cannot answer.
  case input(String)

  package var description: String {
    switch self {
    case .file(let error): error.description
    case .checkpoint(let error): error.description
    case .tokenizer(let error): error.description
    case .image(let error): error.description
    case .unknownArchitecture(let path, let field, let value, let known):
      "\(path): \(field) is \(value.map { "'\($0)'" } ?? "missing"), which no architecture "
        + "declares; known are \(known.joined(separator: ", ")); "
        + "declare yours in a file and pass it with --architecture"
    case .configuration(let path, let key, let sentence): "\(path): \(key): \(sentence)"
    case .declaration(let name, let sentence): "architecture \(name): \(sentence)"
    case .census(let path, let sentence): "\(path): \(sentence)"
    case .notFinite(let path, let tensor, let count, let first):
      "\(path): tensor '\(tensor)': \(count) of its values \(count == 1 ? "is" : "are") "
        + "NaN or infinite, the first at \(first); get an intact copy of the checkpoint"
    case .cancelled: "the run was cancelled"
    case .input(let sentence): sentence
    }
  }
}

/// Runs a body whose error becomes a ``ModelError``.
func convertingErrors<Result>(
  _ body: () throws(FileError) -> Result
) throws(ModelError) -> Result {
  do throws(FileError) { return try body() } catch { throw .file(error) }
}

/// Runs a body whose error becomes a ``ModelError``.
func convertingErrors<Result>(
  _ body: () throws(CheckpointError) -> Result
) throws(ModelError) -> Result {
  do throws(CheckpointError) { return try body() } catch { throw .checkpoint(error) }
}

/// Runs a body whose error becomes a ``ModelError``.
func convertingErrors<Result>(
  _ body: () throws(TokenizerError) -> Result
) throws(ModelError) -> Result {
  do throws(TokenizerError) { return try body() } catch { throw .tokenizer(error) }
}

/// Runs a body whose error becomes a ``ModelError``.
func convertingErrors<Result>(
  _ body: () throws(ImageError) -> Result
) throws(ModelError) -> Result {
  do throws(ImageError) { return try body() } catch { throw .image(error) }
}
