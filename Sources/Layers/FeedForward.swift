// SPDX-License-Identifier: Apache-2.0

package import LinearAlgebra

/// Two linear layers around an activation, optionally gated.
package struct FeedForward: Sendable {
  /// Present in gated forms: `down(act(gate x) * up x)`; otherwise `down(act(up x))`.
  package let gate: Linear?
  package let up: Linear
  package let down: Linear
  package let activation: Activation

  package init(gate: Linear?, up: Linear, down: Linear, activation: Activation) {
    self.gate = gate
    self.up = up
    self.down = down
    self.activation = activation
  }

  /// Applies both layers to each row.
  ///
  /// - Parameter inputs: `[tokens, hiddenSize]`
  /// - Returns: The same shape.
  package func callAsFunction(_ inputs: Matrix) -> Matrix {
    var hidden = up(inputs)
    if let gate {
      var gated = gate(inputs)
      activation.apply(to: &gated)
      hidden.multiply(by: gated)
    } else {
      activation.apply(to: &hidden)
    }
    return down(hidden)
  }
}
