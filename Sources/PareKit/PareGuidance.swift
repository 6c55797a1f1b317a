// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Calibration
import Models
import Quantization

/// What is known of the inputs of a model's weights, and how it is used when they are quantized.
public struct PareGuidance: Sendable {
  /// The file of statistics, by which errors are weighted.
  ///
  /// Of ``PareCalibration/write(to:)``, or of llama.cpp's llama-imatrix.
  public var statistics: String
  /// How codes are found; nil: by ``PareMethod/feedback`` if the statistics have second moments, else by
  /// ``PareMethod/search``.
  public var method: PareMethod?
  /// Whether biases make up for what their weights lose in the mean, where codes do not.
  public var correctsBiases = true
  /// Whether scales may move from norms into the weights behind them, and from `up` into `down`, where
  /// outputs then lose less on held-out tokens; with ``PareMethod/feedback`` only, and not for budgets.
  public var folds = false

  /// Guidance in the way that gets most out of the statistics.
  ///
  /// - Parameter statistics: The file.
  public init(statistics: String) { self.statistics = statistics }
}

extension PareModel {
  /// What errors are weighted by; nil without guidance: all alike.
  func importance(_ guidance: PareGuidance?) throws(PareError) -> Importance? {
    guard let guidance else { return nil }
    let path = guidance.statistics
    let method = guidance.method ?? (CalibrationMoments.areKept(in: path) ? .feedback : .search)
    guard !guidance.folds || method == .feedback else {
      throw PareError(
        "folding is judged by second moments; make statistics with pare calibrate --hessian, and use them "
          + "with the method feedback")
    }
    let file = try convertingErrors { () throws(FileError) in try MappedFile(path: path) }
    let label = "crc32 \(Checksum(of: file.bytes).hexadecimal)"
    withExtendedLifetime(file) {}
    let importance = try convertingErrors { () throws(CalibrationError) in
      do throws(CalibrationError) {
        let importance = try ImportanceMatrixFile.read(path).importance(for: model, label: label)
        return switch method {
        case .search: importance
        case .magnitude: importance.withMagnitude()
        case .feedback: importance.with(try CalibrationMoments(path: path).moments(for: model))
        }
      } catch {
        let isNamed = error.description.hasPrefix(path)
        throw isNamed ? error : CalibrationError("\(path): \(error)")
      }
    }
    if guidance.folds, importance.followed != nil {
      throw PareError(
        "the statistics were gathered along a model without folding; make others with "
          + "pare calibrate --hessian without --for, or leave folding out")
    }
    return guidance.correctsBiases ? importance : importance.withoutMeans()
  }
}
