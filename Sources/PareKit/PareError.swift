// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Calibration
import Checkpoints
import Conversion
import Models
import Quantization

/// Something that could not be done: what happened, where, and what to do, in one sentence.
public struct PareError: Error, CustomStringConvertible, Sendable {
  /// The sentence.
  public let description: String

  init(_ description: String) { self.description = PareError.printable(description) }

  /// The text with control characters spelled out: names come from files, and neither end the
  /// sentence nor command the terminal.
  private static func printable(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      if scalar.properties.generalCategory == .control {
        result += scalar.escaped(asASCII: true)
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}

/// Runs a body whose error becomes a ``PareError``.
func convertingErrors<Result>(
  _ body: () throws(ModelError) -> Result
) throws(PareError) -> Result {
  do throws(ModelError) { return try body() } catch { throw PareError(error.description) }
}

/// Runs a body whose error becomes a ``PareError``.
func convertingErrors<Result>(
  _ body: () throws(ConversionError) -> Result
) throws(PareError) -> Result {
  do throws(ConversionError) { return try body() } catch { throw PareError(error.description) }
}

/// Runs a body whose error becomes a ``PareError``.
func convertingErrors<Result>(
  _ body: () throws(CalibrationError) -> Result
) throws(PareError) -> Result {
  do throws(CalibrationError) { return try body() } catch { throw PareError(error.description) }
}

/// Runs a body whose error becomes a ``PareError``.
func convertingErrors<Result>(
  _ body: () throws(RecipeError) -> Result
) throws(PareError) -> Result {
  do throws(RecipeError) { return try body() } catch { throw PareError(error.description) }
}

/// Runs a body whose error becomes a ``PareError``.
func convertingErrors<Result>(
  _ body: () throws(CheckpointError) -> Result
) throws(PareError) -> Result {
  do throws(CheckpointError) { return try body() } catch { throw PareError(error.description) }
}

/// Runs a body whose error becomes a ``PareError``.
func convertingErrors<Result>(
  _ body: () throws(FileError) -> Result
) throws(PareError) -> Result {
  do throws(FileError) { return try body() } catch { throw PareError(error.description) }
}
