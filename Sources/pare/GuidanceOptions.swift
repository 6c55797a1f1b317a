// SPDX-License-Identifier: Apache-2.0

public import ArgumentParser
public import PareKit

extension PareMethod: ExpressibleByArgument {}

/// How statistics of a calibration are used.
struct GuidanceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Statistics of `pare calibrate` or llama-imatrix: errors count by what goes into a column, and \
      biases make up for what weights lose in the mean.
      """,
      valueName: "file"))
  var calibration: String?

  @Option(
    help: ArgumentHelp(
      "How codes are found: search; magnitude, where large values count more; or feedback, whose "
        + "codes make up for each other's errors (default with statistics of `pare calibrate --hessian`).",
      valueName: "method"))
  var method: PareMethod?

  @Flag(help: "Leave biases as they are.")
  var keepBiases = false

  @Flag(
    help: ArgumentHelp(
      "With feedback: let scales move from norms into the weights behind them, and from up into down "
        + "projections, where that loses less."))
  var fold = false

  /// Nil where errors all count alike.
  var guidance: PareGuidance? {
    calibration.map { path in
      var guidance = PareGuidance(statistics: path)
      guidance.method = method
      guidance.correctsBiases = !keepBiases
      guidance.folds = fold
      return guidance
    }
  }

  func validate() throws {
    if calibration == nil {
      if let method, method != .search {
        throw ValidationError(
          "--method \(method.rawValue): expected --calibration with statistics of pare calibrate")
      }
      if fold {
        throw ValidationError(
          "--fold: expected --calibration with statistics of pare calibrate --hessian")
      }
      if keepBiases {
        throw ValidationError("--keep-biases: without --calibration they stay as they are anyway")
      }
    }
    if fold, let method, method != .feedback {
      throw ValidationError("--fold: expected --method feedback, whose second moments judge it")
    }
  }
}
