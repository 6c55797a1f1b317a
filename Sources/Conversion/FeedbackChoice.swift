// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import Layers
import Quantization

/// Decides for each matrix whether its codes make up for each other's errors.
///
/// Weights that multiply the same inputs share their factored moments, as long as they follow each
/// other.
final class FeedbackChoice {
  private var last: (name: String, curvature: Curvature?)?

  /// What a matrix is coded with.
  ///
  /// - Parameters:
  ///   - search: Finds the scales; nil where the codes are not on a grid.
  ///   - matrix: Its values.
  ///   - moments: Of its inputs.
  ///   - importance: The weight of each column in the search.
  /// - Returns: nil if it is coded without feedback: the format has no grid, the moments are of no
  ///   use, or rows that were tried lose more by tokens to which they were not fitted.
  func curvature(
    for search: (some CodeSearch)?, of matrix: Weight, moments: InputMoments?,
    importance: [Float]?
  ) -> Curvature? {
    guard let search, let moments, matrix.rows > 0 else { return nil }
    if last?.name != moments.name { last = (moments.name, Curvature(moments)) }
    guard let curvature = last?.curvature else { return nil }
    let trial = FeedbackTrial(
      search, curvature, moments, rows: matrix.rows, importance: importance
    ) { rows, values in matrix.decode(rows: rows, into: values) }
    return trial.helps ? curvature : nil
  }
}
