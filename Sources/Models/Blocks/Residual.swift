// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra

/// What attention, feed-forward layers and mixtures of experts have around them:
/// `x + gain · postNorm(body(norm(x)))`; norms and the gain of each channel if they are there.
struct Residual: Sendable {
  static let settings: Set = ["norm", "normOffset", "epsilon"]
  static let tensors: Set = ["norm", "postNorm", "gain"]

  private let norm: Norm?
  private let postNorm: Norm?
  /// What each channel of the result is multiplied with.
  private let gain: [Float]?

  init(_ reader: BlockReader) throws(ModelError) {
    norm = try reader.normIfPresent("norm")
    postNorm = try reader.normIfPresent("postNorm")
    gain = try reader.valuesIfPresent("gain")
  }

  /// Whether the norms take rows of this width.
  func accepts(_ width: Int) -> Bool {
    [norm, postNorm].allSatisfy { $0.map { $0.weight.count == width } ?? true }
      && gain.map { $0.count == width } ?? true
  }

  /// Adds what the body makes of the rows.
  func run(_ hidden: inout Matrix, body: (Matrix) -> Matrix) {
    run(&hidden) { normed, _ in body(normed) }
  }

  /// Adds what the body makes of the rows as the norm gives them, and as they are.
  func run(_ hidden: inout Matrix, body: (Matrix, Matrix) -> Matrix) {
    var result = body(norm.map { $0(hidden) } ?? hidden, hidden)
    if let postNorm { result = postNorm(result) }
    if let gain {
      for i in result.values.indices { result.values[i] *= gain[i % gain.count] }
    }
    hidden += result
  }
}
