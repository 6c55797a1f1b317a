// SPDX-License-Identifier: Apache-2.0

package import LinearAlgebra

/// Two linear layers around an activation, optionally gated.
package struct FeedForward: Sendable {
  /// Present in gated forms: `down(act(gate x) * up x)`; otherwise `down(act(up x))`.
  package let gate: Linear?
  package let up: Linear
  package let down: Linear
  package let activation: Activation
  /// Bounds the gate from above and what it is multiplied with from both sides, before the
  /// activation; nil in most models.
  package let limit: Float?
  /// Added to what the gate is multiplied with; 0 in most models.
  package let upOffset: Float

  package init(
    gate: Linear?, up: Linear, down: Linear, activation: Activation, limit: Float? = nil,
    upOffset: Float = 0
  ) {
    self.limit = limit
    self.upOffset = upOffset
    self.gate = gate
    self.up = up
    self.down = down
    self.activation = activation
  }

  /// Applies both layers to each row.
  ///
  /// - Parameters:
  ///   - inputs: `[tokens, hiddenSize]`
  ///   - rows: Which of the batch's rows they are; nil: all of them.
  /// - Returns: The same shape.
  package func callAsFunction(_ inputs: Matrix, rows: [Int]? = nil) -> Matrix {
    var hidden = up(inputs, rows: rows)
    if let gate {
      var gated = gate(inputs, rows: rows)
      if let limit {
        for i in gated.values.indices { gated.values[i] = min(gated.values[i], limit) }
        for i in hidden.values.indices {
          hidden.values[i] = min(max(hidden.values[i], -limit), limit)
        }
      }
      if upOffset != 0 { for i in hidden.values.indices { hidden.values[i] += upOffset } }
      activation.apply(to: &gated)
      hidden.multiply(by: gated)
    } else {
      activation.apply(to: &hidden)
    }
    return down(hidden, rows: rows)
  }
}
