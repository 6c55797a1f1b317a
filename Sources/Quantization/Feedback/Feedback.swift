// SPDX-License-Identifier: Apache-2.0

/// How the codes of a matrix make up for errors: for each other's, and for those of the layers before.
package struct Feedback: Sendable {
  package let curvature: Curvature
  /// How much of what the inputs have lost is made up for: from 0, nothing, to 1.
  ///
  /// What inputs lose is known from few tokens: all of it would fit codes to chance.
  package let driftShare: Float

  /// - Parameters:
  ///   - curvature: Of the inputs.
  ///   - driftShare: From 0 to 1.
  package init(_ curvature: Curvature, driftShare: Float = 0) {
    self.curvature = curvature
    self.driftShare = driftShare
  }
}

/// Moments in the order in which columns are coded.
package struct OrderedMoments: Sendable {
  /// Σ x xᵀ, `[columns, columns]`.
  let products: [Float]
  /// Σ x (o − x)ᵀ, the same shape; nil where inputs are as they were.
  let drift: [Float]?
}
