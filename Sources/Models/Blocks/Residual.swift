// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra

/// What attention, feed-forward layers and mixtures of experts have around them:
/// `x + postNorm(body(norm(x)))`, either norm if it is there.
struct Residual: Sendable {
  static let settings: Set = ["norm", "normOffset", "epsilon"]
  static let tensors: Set = ["norm", "postNorm"]

  private let norm: Norm?
  private let postNorm: Norm?

  init(_ reader: BlockReader) throws(ModelError) {
    norm = try reader.normIfPresent("norm")
    postNorm = try reader.normIfPresent("postNorm")
  }

  /// Whether the norms take rows of this width.
  func accepts(_ width: Int) -> Bool {
    [norm, postNorm].allSatisfy { $0.map { $0.weight.count == width } ?? true }
  }

  /// Adds what the body makes of the rows.
  func run(_ hidden: inout Matrix, body: (Matrix) -> Matrix) {
    let result = body(norm.map { $0(hidden) } ?? hidden)
    hidden += postNorm.map { $0(result) } ?? result
  }
}
