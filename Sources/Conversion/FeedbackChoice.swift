// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import Layers
import Quantization

/// Decides for each matrix whether its codes make up for each other's errors.
///
/// Weights that multiply the same inputs share their factored moments, as long as they follow each
/// other.
final class FeedbackChoice {
  private var last: (name: String, partSize: Int, curvature: Curvature?)?

  /// What a matrix is coded with.
  ///
  /// - Parameters:
  ///   - format: What it becomes; nil where codes are found one by one in any case.
  ///   - matrix: Its values.
  ///   - moments: Of its inputs.
  ///   - importance: The weight of each column in the search.
  /// - Returns: nil if it is coded without feedback: the format has no such codes, the moments are of no
  ///   use, or rows that were tried lose more by tokens to which they were not fitted.
  func feedback(
    for format: (any FeedbackFormat)?, of matrix: Weight, moments: InputMoments?,
    importance: [Float]?
  ) -> Feedback? {
    trial(for: format, of: matrix, moments: moments, importance: importance)?.best
  }

  /// What is lost with feedback and without; nil if there is none.
  func trial(
    for format: (any FeedbackFormat)?, of matrix: Weight, moments: InputMoments?,
    importance: [Float]?
  ) -> FeedbackTrial? {
    guard let format, let moments, matrix.rows > 0 else { return nil }
    if last?.name != moments.name || last?.partSize != format.partSize {
      last = (moments.name, format.partSize, Curvature(moments, partSize: format.partSize))
    }
    guard let curvature = last?.curvature else { return nil }
    return FeedbackTrial(
      format, curvature, moments, rows: matrix.rows, importance: importance
    ) { rows, values in matrix.decode(rows: rows, into: values) }
  }
}
