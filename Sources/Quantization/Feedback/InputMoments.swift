// SPDX-License-Identifier: Apache-2.0

/// Σ x xᵀ over what went into a linear layer: how errors of its weights act together.
package struct InputMoments: Sendable {
  /// Where the sums are.
  package protocol Source: Sendable {
    /// `[columns, columns]`, row-major: over the tokens that weights are fitted to.
    var fitted: UnsafeBufferPointer<Float> { get }
    /// The same over the tokens that fits are judged by.
    var heldOut: UnsafeBufferPointer<Float> { get }
    /// Σ x (o − x)ᵀ, where x is what goes in once the layers before are quantized and o what went in
    /// before: over the tokens that weights are fitted to; nil where x is o.
    var fittedDrift: UnsafeBufferPointer<Float>? { get }
    /// The same over the tokens that fits are judged by.
    var heldOutDrift: UnsafeBufferPointer<Float>? { get }
  }

  /// The same for weights that multiply the same inputs.
  package let name: String
  package let columns: Int
  /// Tokens that weights are fitted to.
  package let count: Double
  package let source: any Source
  /// What the sums' columns are divided by, where weights take scales over from what comes before
  /// them; nil for 1.
  package private(set) var divisors: [Float]?

  /// - Precondition: The source has `columns * columns` numbers of either kind.
  package init(name: String, columns: Int, count: Double, source: any Source) {
    let all = [source.fitted, source.heldOut, source.fittedDrift, source.heldOutDrift]
    precondition(
      all.allSatisfy { $0.map { $0.count == columns * columns } ?? true },
      "\(name): \(source.fitted.count) sums of \(columns) columns")
    self.name = name
    self.columns = columns
    self.count = count
    self.source = source
  }

  /// The moments of inputs that are divided column by column.
  ///
  /// - Precondition: There is a divisor a column, none of them 0.
  package func divided(by divisors: [Float], label: String) -> InputMoments {
    precondition(divisors.count == columns, "\(name): \(divisors.count) divisors")
    var result = InputMoments(
      name: "\(name)/\(label)", columns: columns, count: count, source: source)
    result.divisors = divisors
    return result
  }
}

extension InputMoments.Source {
  package var fittedDrift: UnsafeBufferPointer<Float>? { nil }
  package var heldOutDrift: UnsafeBufferPointer<Float>? { nil }
}
