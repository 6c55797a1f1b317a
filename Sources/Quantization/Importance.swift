// SPDX-License-Identifier: Apache-2.0

/// How much the error of each column of a weight counts: the mean square of what goes into it.
package struct Importance: Sendable {
  /// Where it comes from, for what outputs say of themselves.
  package let label: String
  /// How it counts in searches.
  package let weighting: Weighting
  /// By the weights' names in a GGUF, one an expert; nil for an expert that nothing went into.
  private let columns: [String: [[Float]?]]
  /// Likewise: how errors of columns act together; empty where codes are found one by one.
  private let moments: [String: [InputMoments?]]

  /// Takes the squares of weights, and their products where they are to be used.
  package init(
    label: String, columns: [String: [[Float]?]], moments: [String: [InputMoments?]] = [:],
    weighting: Weighting = .inputs
  ) {
    self.label = label
    self.weighting = weighting
    self.columns = columns
    self.moments = moments
  }

  /// The same with products of columns.
  package func with(_ moments: [String: [InputMoments?]]) -> Importance {
    Importance(label: label + ", feedback", columns: columns, moments: moments)
  }

  /// The same, with the magnitude of values as well.
  package func withMagnitude() -> Importance {
    Importance(
      label: label + ", magnitude", columns: columns, moments: moments,
      weighting: .inputsAndMagnitude)
  }

  /// The columns of a weight's matrices, one an expert; nil where nothing is known of them.
  package func columns(of ggufName: String) -> [[Float]?]? { columns[ggufName] }

  /// The second moments of what goes into a weight's matrices, one an expert; nil where they are not
  /// known, or not wanted.
  package func moments(of ggufName: String) -> [InputMoments?]? { moments[ggufName] }
}
