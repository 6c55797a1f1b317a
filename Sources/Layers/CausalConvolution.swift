// SPDX-License-Identifier: Apache-2.0

package import LinearAlgebra

/// A convolution over the last few rows of a sequence, each channel by itself.
package struct CausalConvolution: Sendable {
  /// `[taps, channels]`: the weights of each channel, that of the row itself last.
  package let taps: Matrix
  /// Added to the result, `[channels]`; nil where there is none.
  package let bias: [Float]?

  package init(taps: Matrix, bias: [Float]?) {
    self.taps = taps
    self.bias = bias
  }

  /// Mixes each row with those just before it in its sequence.
  ///
  /// - Parameters:
  ///   - inputs: `[tokens, channels]`
  ///   - batch: How the rows divide into sequences.
  ///   - cache: Its keys are the last rows that the convolution saw in earlier steps; nil without.
  /// - Returns: `[tokens, channels]`
  package func callAsFunction(
    _ inputs: Matrix, batch: Batch, cache: inout KeyValueCache?
  ) -> Matrix {
    let channels = taps.columns
    let reach = taps.rows - 1
    var mixed = Matrix(rows: inputs.rows, columns: channels)
    for sequence in 0..<batch.sequenceCount {
      // What lies before the sequence is zero.
      var seen = [Float](repeating: 0, count: reach * channels)
      if let kept = cache?.keys[sequence] {
        seen.replaceSubrange(max(0, seen.count - kept.count)..., with: kept.suffix(seen.count))
      }
      let start = batch.starts[sequence]
      let rows = start..<start + batch.lengths[sequence]
      seen += inputs.values[rows.lowerBound * channels..<rows.upperBound * channels]
      for (place, row) in rows.enumerated() {
        convolve(seen, from: place, into: &mixed, row: row)
      }
      cache?.keys[sequence] = Array(seen.suffix(reach * channels))
    }
    return mixed
  }

  /// The convolution of one row, whose first tap lies on row `first` of `seen`.
  private func convolve(_ seen: [Float], from first: Int, into mixed: inout Matrix, row: Int) {
    let channels = taps.columns
    for i in 0..<channels {
      var sum: Float = 0
      for tap in 0..<taps.rows {
        sum += taps.values[tap * channels + i] * seen[(first + tap) * channels + i]
      }
      mixed.values[row * channels + i] = sum + (bias?[i] ?? 0)
    }
  }
}
