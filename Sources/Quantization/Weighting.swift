// SPDX-License-Identifier: Apache-2.0

/// How much the error of each element of a row counts in a search.
package enum Weighting: Sendable {
  /// By what goes into its column: the mean of squares q.
  case inputs
  /// By q · √(σ² + x²), with the mean square σ² of the row: large values count more.
  ///
  /// - Source: what llama.cpp's quantizers do, `ggml/src/ggml-quants.c`.
  case inputsAndMagnitude

  /// The weights of a row.
  ///
  /// - Parameters:
  ///   - values: The row.
  ///   - importance: Of its columns; nil: all alike.
  /// - Returns: nil: all alike.
  func weights(of values: UnsafeBufferPointer<Float>, importance: [Float]?) -> [Float]? {
    guard self == .inputsAndMagnitude, let importance, !values.isEmpty else { return importance }
    let mean = values.reduce(0) { $0 + $1 * $1 } / Float(values.count)
    // Values that are no numbers are told later.
    guard mean.isFinite else { return importance }
    return zip(importance, values).map { $0 * (mean + $1 * $1).squareRoot() }
  }
}
