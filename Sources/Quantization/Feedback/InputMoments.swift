// SPDX-License-Identifier: Apache-2.0

/// Σ x xᵀ over what went into a linear layer: how errors of its weights act together.
package struct InputMoments: Sendable {
  /// Where the sums are.
  package protocol Source: Sendable {
    /// `[columns, columns]`, row-major: over the tokens that weights are fitted to.
    var fitted: UnsafeBufferPointer<Float> { get }
    /// The same over the tokens that fits are judged by.
    var heldOut: UnsafeBufferPointer<Float> { get }
  }

  /// The same for weights that multiply the same inputs.
  package let name: String
  package let columns: Int
  /// Tokens that weights are fitted to.
  package let count: Double
  package let source: any Source

  /// - Precondition: The source has `columns * columns` numbers of either kind.
  package init(name: String, columns: Int, count: Double, source: any Source) {
    precondition(
      source.fitted.count == columns * columns && source.heldOut.count == columns * columns,
      "\(name): \(source.fitted.count) sums of \(columns) columns")
    self.name = name
    self.columns = columns
    self.count = count
    self.source = source
  }
}
