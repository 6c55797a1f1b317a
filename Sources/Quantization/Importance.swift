// SPDX-License-Identifier: Apache-2.0

/// How much the error of each column of a weight counts: the mean square of what goes into it.
package struct Importance: Sendable {
  /// Where it comes from, for what outputs say of themselves.
  package let label: String
  /// By the weights' names in a GGUF, one an expert; nil for an expert that nothing went into.
  private let columns: [String: [[Float]?]]

  /// Takes the squares of weights.
  package init(label: String, columns: [String: [[Float]?]]) {
    self.label = label
    self.columns = columns
  }

  /// The columns of a weight's matrices, one an expert; nil where nothing is known of them.
  package func columns(of ggufName: String) -> [[Float]?]? { columns[ggufName] }
}
