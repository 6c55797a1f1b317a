// SPDX-License-Identifier: Apache-2.0

package import LinearAlgebra

/// A gated convolution over the last few rows of a sequence, each channel by itself:
/// `output(c · conv(b · x))`, where `b`, `c` and `x` are thirds of one linear layer's result.
///
/// - Source: LFM2, arXiv:2511.23404, section 2 (gated short convolutions).
package struct ShortConvolution: Sendable {
  /// `[3 channels, hiddenSize]`: b, c and x, one below the other.
  package let input: Linear
  package let convolution: CausalConvolution
  package let output: Linear

  package init(input: Linear, convolution: CausalConvolution, output: Linear) {
    self.input = input
    self.convolution = convolution
    self.output = output
  }

  /// Mixes each row with those just before it in its sequence.
  ///
  /// - Parameters:
  ///   - inputs: `[tokens, hiddenSize]`
  ///   - batch: How the rows divide into sequences.
  ///   - cache: What the convolution saw in earlier steps; nil without.
  /// - Returns: `[tokens, hiddenSize]`
  package func callAsFunction(
    _ inputs: Matrix, batch: Batch, cache: inout KeyValueCache?
  ) -> Matrix {
    let projected = input(inputs)
    let channels = convolution.taps.columns
    var gated = Matrix(rows: inputs.rows, columns: channels)
    for row in 0..<inputs.rows {
      let parts = projected.row(row)
      let (b, x) = (parts.startIndex, parts.startIndex + 2 * channels)
      for i in 0..<channels { gated.values[row * channels + i] = parts[b + i] * parts[x + i] }
    }
    var mixed = convolution(gated, batch: batch, cache: &cache)
    for row in 0..<inputs.rows {
      let c = row * projected.columns + channels
      for i in 0..<channels { mixed.values[row * channels + i] *= projected.values[c + i] }
    }
    return output(mixed)
  }
}
