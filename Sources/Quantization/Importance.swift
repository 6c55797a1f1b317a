// SPDX-License-Identifier: Apache-2.0

/// What is known of what goes into a model's weights: how much the error of each column counts, and
/// more.
package struct Importance: Sendable {
  /// Where it comes from, for what outputs say of themselves.
  package let label: String
  /// The plan whose outputs were gone through when it was gathered, so that it serves no other; nil if
  /// it serves all.
  package var followed: String?
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
    var result = Importance(
      label: label + ", feedback", columns: columns, means: means, moments: moments)
    result.followed = followed
    return result
  }

  /// The same, with the magnitude of values as well.
  package func withMagnitude() -> Importance {
    var result = Importance(
      label: label + ", magnitude", columns: columns, means: means, moments: moments,
      weighting: .inputsAndMagnitude)
    result.followed = followed
    return result
  }

  /// The same without the means, by which biases make up for what weights lose.
  package func withoutMeans() -> Importance {
    var result = Importance(
      label: label + ", biases kept", columns: columns, moments: moments, weighting: weighting)
    result.followed = followed
    return result
  }

  /// What is known of what goes into the matrices of one weight, one an expert.
  package struct Inputs: Sendable {
    /// How much the error of each column counts; nil: all alike.
    package var columns: [[Float]?]?
    /// How that counts in the search.
    package var weighting = Weighting.inputs
    /// The mean of each column; nil where it is not known.
    package var means: [[Float]?]?
    /// How errors of columns act together; nil: codes are found one by one.
    package var moments: [InputMoments?]?

    package init() {}
  }

  /// What is known of the inputs of a weight.
  package func inputs(of ggufName: String) -> Inputs {
    var inputs = Inputs()
    inputs.columns = columns[ggufName]
    inputs.weighting = weighting
    inputs.means = means[ggufName]
    inputs.moments = moments[ggufName]
    return inputs
  }
}
