// SPDX-License-Identifier: Apache-2.0

import CKernels
package import LinearAlgebra

/// A mixture of experts: a router sends each token to its best few feed-forward layers.
///
/// Softmax over all experts, the best `chosenCount` are kept, their weights renormalised where
/// the model says so; no token is ever dropped.
///
/// - Source: Jiang et al., arXiv:2401.04088, section 2.1; McKinzie et al., arXiv:2403.09611.
package struct Experts: Sendable {
  package let router: Linear
  package let experts: [FeedForward]
  package let chosenCount: Int
  package let renormalizes: Bool
  /// What the shares of each expert are multiplied with in the end; nil in most models.
  package let gains: [Float]?

  package init(
    router: Linear, experts: [FeedForward], chosenCount: Int, renormalizes: Bool,
    gains: [Float]? = nil
  ) {
    self.gains = gains
    self.router = router
    self.experts = experts
    self.chosenCount = chosenCount
    self.renormalizes = renormalizes
  }

  /// Sends each row through the experts that the router chooses for it.
  ///
  /// - Parameters:
  ///   - inputs: `[tokens, hiddenSize]`
  ///   - routed: What the router looks at, of the same shape; nil for the same rows.
  /// - Returns: The same shape.
  package func callAsFunction(_ inputs: Matrix, routed: Matrix? = nil) -> Matrix {
    let routes = routes(for: router(routed ?? inputs))
    var result = Matrix(rows: inputs.rows, columns: inputs.columns)
    for (index, expert) in experts.enumerated() {
      let tokens = routes[index]
      guard !tokens.isEmpty else { continue }
      let rows = tokens.map(\.row)
      let output = expert(inputs.gathered(rows), rows: rows)
      let columns = result.columns
      result.values.withUnsafeMutableBufferPointer { sum in
        output.values.withUnsafeBufferPointer { output in
          guard let sum = sum.baseAddress, let output = output.baseAddress else { return }
          for (place, token) in tokens.enumerated() {
            pk_add_scaled(
              .current,
              sum + token.row * columns, token.share, output + place * columns, columns)
          }
        }
      }
    }
    return result
  }

  /// The tokens that each expert gets, with its share in their result.
  private func routes(for logits: Matrix) -> [[(row: Int, share: Float)]] {
    var routes = [[(row: Int, share: Float)]](repeating: [], count: experts.count)
    for row in 0..<logits.rows {
      var shares = Array(logits.row(row))
      shares.withUnsafeMutableBufferPointer { shares in
        if let base = shares.baseAddress { pk_softmax(.current, base, shares.count) }
      }
      // The first of equals, as PyTorch's topk on the CPU.
      let best = shares.indices.sorted { (shares[$0], -$0) > (shares[$1], -$1) }
        .prefix(chosenCount)
      let sum = renormalizes ? best.reduce(0) { $0 + shares[$1] } : 1
      for expert in best {
        routes[expert].append((row, shares[expert] / sum * (gains?[expert] ?? 1)))
      }
    }
    return routes
  }
}
