// SPDX-License-Identifier: Apache-2.0

package import BinaryIO
package import Checkpoints
package import Models
package import Quantization

/// A model that cannot be converted, and why.
package enum ConversionError: Error, CustomStringConvertible, Sendable {
  case model(ModelError)
  case checkpoint(CheckpointError)
  case recipe(RecipeError)
  case file(FileError)
  /// Finite values that the chosen encoding cannot hold.
  case overflow(path: String, tensor: String, count: Int, encoding: String)
  /// The task was cancelled.
  case cancelled
  /// A request that cannot be met.
  case request(String)

  package var description: String {
    switch self {
    case .model(let error): error.description
    case .checkpoint(let error): error.description
    case .recipe(let error): error.description
    case .file(let error): error.description
    case .overflow(let path, let tensor, let count, let encoding):
      "\(path): tensor '\(tensor)': \(count) of its values \(count == 1 ? "is" : "are") too large "
        + "for \(encoding); choose bf16 or f32"
    case .cancelled: "the conversion was cancelled"
    case .request(let sentence): sentence
    }
  }
}

/// Runs a body whose error becomes a ``ConversionError``.
func convertingErrors<Result>(
  _ body: () throws(ModelError) -> Result
) throws(ConversionError) -> Result {
  do throws(ModelError) { return try body() } catch { throw .model(error) }
}

/// Runs a body whose error becomes a ``ConversionError``.
func convertingErrors<Result>(
  _ body: () throws(CheckpointError) -> Result
) throws(ConversionError) -> Result {
  do throws(CheckpointError) { return try body() } catch { throw .checkpoint(error) }
}

/// Runs a body whose error becomes a ``ConversionError``.
func convertingErrors<Result>(
  _ body: () throws(RecipeError) -> Result
) throws(ConversionError) -> Result {
  do throws(RecipeError) { return try body() } catch { throw .recipe(error) }
}

/// Runs a body whose error becomes a ``ConversionError``.
func convertingErrors<Result>(
  _ body: () throws(FileError) -> Result
) throws(ConversionError) -> Result {
  do throws(FileError) { return try body() } catch { throw .file(error) }
}
