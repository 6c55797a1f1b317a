// SPDX-License-Identifier: Apache-2.0

/// What is known of what goes into a model's weights: how much the error of each column counts, and
/// more.
package struct Importance: Sendable {
  /// Where it comes from, for what outputs say of themselves.
  package let label: String
  /// How it counts in searches.
  package let weighting: Weighting
  /// By the weights' names in a GGUF, one an expert; nil for an expert that nothing went into.
  private let columns: [String: [[Float]?]]
  /// Likewise: the mean of what goes into each column.
  private let means: [String: [[Float]?]]
  /// Likewise: how errors of columns act together; empty where codes are found one by one.
  private let moments: [String: [InputMoments?]]

  /// Takes the mean squares of what goes into weights, the means, and the products of columns where
  /// they are to be used.
  package init(
    label: String, columns: [String: [[Float]?]], means: [String: [[Float]?]] = [:],
    moments: [String: [InputMoments?]] = [:], weighting: Weighting = .inputs
  ) {
    self.label = label
    self.weighting = weighting
    self.columns = columns
    self.means = means
    self.moments = moments
  }

  /// The same with products of columns.
  package func with(_ moments: [String: [InputMoments?]]) -> Importance {
    Importance(label: label + ", feedback", columns: columns, means: means, moments: moments)
  }

  /// The same, with the magnitude of values as well.
  package func withMagnitude() -> Importance {
    Importance(
      label: label + ", magnitude", columns: columns, means: means, moments: moments,
      weighting: .inputsAndMagnitude)
  }

  /// The columns of a weight's matrices, one an expert; nil where nothing is known of them.
  package func columns(of ggufName: String) -> [[Float]?]? { columns[ggufName] }

  /// The mean of what goes into each column of a weight's matrices; nil where it is not known.
  package func means(of ggufName: String) -> [[Float]?]? { means[ggufName] }

  /// The second moments of what goes into a weight's matrices, one an expert; nil where they are not
  /// known, or not wanted.
  package func moments(of ggufName: String) -> [InputMoments?]? { moments[ggufName] }
}
