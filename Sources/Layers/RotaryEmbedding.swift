// SPDX-License-Identifier: Apache-2.0

import CKernels
package import LinearAlgebra
import Parallelism

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Rotary position embedding in the half-split form: element `i` of a head turns with element
/// `i + width/2`.
///
/// - Source: Su et al., arXiv:2104.09864; the pairing is that of Hugging Face's Llama.
package struct RotaryEmbedding: Sendable {
  /// How the frequencies were stretched for longer contexts.
  package enum Scaling: Sendable, Equatable {
    case none
    /// All frequencies divided by the factor.
    case linear(factor: Double)
    /// Llama 3: low frequencies divided, high ones kept, those between blended.
    case llama3(factor: Double, lowFactor: Double, highFactor: Double, originalContext: Double)
  }

  /// Angle a position step for each pair, in radians.
  package let frequencies: [Double]

  /// - Parameters:
  ///   - width: Elements of a head that turn; even.
  ///   - base: Usually called theta.
  ///   - scaling: For context extension.
  package init(width: Int, base: Double, scaling: Scaling = .none) {
    frequencies = stride(from: 0, to: width, by: 2).map { i in
      let frequency = pow(base, -Double(i) / Double(width))
      switch scaling {
      case .none: return frequency
      case .linear(let factor): return frequency / factor
      case .llama3(let factor, let low, let high, let context):
        let wavelength = 2 * Double.pi / frequency
        if wavelength < context / high { return frequency }
        if wavelength > context / low { return frequency / factor }
        let smooth = (context / wavelength - low) / (high - low)
        return (1 - smooth) * frequency / factor + smooth * frequency
      }
    }
  }

  /// Turns every head of every row.
  ///
  /// - Parameters:
  ///   - matrix: `[tokens, heads * headDimension]`
  ///   - headDimension: At least the turning width; what is beyond it stays.
  ///   - positions: One a row.
  package func rotate(_ matrix: inout Matrix, headDimension: Int, positions: [Int]) {
    precondition(positions.count == matrix.rows)
    let half = frequencies.count
    let columns = matrix.columns
    let rows = matrix.rows
    matrix.values.withUnsafeMutableBufferPointer { values in
      let values = DisjointWrites(values)
      Parallel.forEach(rows, scratch: { [Float](repeating: 0, count: 2 * half) }) { row, table in
        for i in 0..<half {
          // PyTorch rounds the angle to f32 before it takes the cosine.
          let angle = Float(positions[row]) * Float(frequencies[i])
          table[i] = Float(cos(Double(angle)))
          table[half + i] = Float(sin(Double(angle)))
        }
        table.withUnsafeBufferPointer { table in
          guard let cosines = table.baseAddress else { return }
          for head in stride(from: 0, to: columns, by: headDimension) {
            pk_rotate_halves(
              .current, values.base + row * columns + head, cosines, cosines + half, half)
          }
        }
      }
    }
  }
}
