// SPDX-License-Identifier: Apache-2.0

package import LinearAlgebra
import Parallelism

/// A convolution of maps in which each output sees one channel, with zeros beyond the edges.
///
/// Output channel `o` is made of input channel `o / (outputs / inputs)`. A map of n lines becomes one
/// of ⌊(n - 1) / stride⌋ + 1.
package struct DepthwiseConvolution: Sendable {
  /// `[side * side, outputs]`: the kernels' elements, row by row.
  package let taps: Matrix
  /// `[outputs]`, or nil for none.
  package let bias: [Float]?
  /// Of a kernel; odd.
  package let side: Int
  package let stride: Int

  /// - Precondition: `side` is odd, `taps` has `side * side` rows, and `stride` is at least 1.
  package init(taps: Matrix, bias: [Float]?, side: Int, stride: Int = 1) {
    precondition(side % 2 == 1 && taps.rows == side * side && stride >= 1)
    self.taps = taps
    self.bias = bias
    self.side = side
    self.stride = stride
  }

  package var outputs: Int { taps.columns }

  /// How many lines, or columns, become of so many.
  package static func length(of length: Int, stride: Int) -> Int {
    length == 0 ? 0 : (length - 1) / stride + 1
  }

  /// The convolution of one map.
  ///
  /// - Parameters:
  ///   - input: Rows of several maps: `[pixels, inputs]`, `inputs` a divisor of `outputs`.
  ///   - start: The row of the map's first pixel.
  ///   - rows: Lines of the map.
  ///   - columns: Pixels of a line.
  /// - Returns: `[new rows * new columns, outputs]`. The same bits for any number of workers.
  package func callAsFunction(
    _ input: Matrix, start: Int, rows: Int, columns: Int
  ) -> Matrix {
    let (channels, outputs) = (input.columns, outputs)
    precondition(channels > 0 && outputs % channels == 0, "\(channels) do not divide \(outputs)")
    let height = DepthwiseConvolution.length(of: rows, stride: stride)
    let width = DepthwiseConvolution.length(of: columns, stride: stride)
    let (share, half) = (outputs / channels, side / 2)
    return Matrix(rows: height * width, columns: outputs) { y in
      let y = DisjointWrites(y)
      input.values.withUnsafeBufferPointer { x in
        taps.values.withUnsafeBufferPointer { taps in
          let (x, taps) = (SharedReads(x), SharedReads(taps))
          Parallel.forEach(height) { row in
            for column in 0..<width {
              let output = y.base + (row * width + column) * outputs
              for c in 0..<outputs { output[c] = bias?[c] ?? 0 }
              for tap in 0..<side * side {
                let line = row * stride + tap / side - half
                let place = column * stride + tap % side - half
                guard (0..<rows).contains(line), (0..<columns).contains(place) else { continue }
                let input = x.base + (start + line * columns + place) * channels
                let weights = taps.base + tap * outputs
                if share == 1 {
                  for c in 0..<outputs { output[c] += input[c] * weights[c] }
                } else {
                  for c in 0..<outputs { output[c] += input[c / share] * weights[c] }
                }
              }
            }
          }
        }
      }
    }
  }
}
