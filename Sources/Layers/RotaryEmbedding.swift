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
    /// YaRN: frequencies that turn less than `slowTurns` times in the original context divided,
    /// those that turn more than `fastTurns` times kept, those between blended by their number;
    /// all vectors stretched by `0.1 ln(factor) + 1`.
    ///
    /// - Source: Peng et al., arXiv:2309.00071, sections 3.2 and 3.4; where it `truncates`, bounds
    ///   are in whole pairs, as in the authors' code.
    case yarn(
      factor: Double, fastTurns: Double, slowTurns: Double, originalContext: Double,
      truncates: Bool = true)
    /// The first pairs, a share of all, turn as in a rotation of the whole width, with frequencies
    /// divided by the factor; the others do not turn.
    case proportional(share: Double, factor: Double)
    /// Each pair's frequency divided by a number of its own.
    case divided(by: [Float])
    /// LongRoPE: the same, by others in sequences that are longer than the original context.
    ///
    /// - Source: Ding et al., arXiv:2402.13753; which numbers count is transformers' rule.
    case longrope(short: [Float], long: [Float], originalContext: Int)
  }

  /// Which of a token's positions turns a pair, where tokens stand in several directions.
  package enum Axes: Sendable, Equatable {
    /// Tokens stand in a line.
    case line
    /// The first half of the pairs turns by rows, the second by columns, each with the frequencies
    /// of a rotation half as wide; as in Qwen2-VL's encoder.
    case halves
    /// Each half of a head turns by itself, element `i` with `i + width/4`: the first by columns, the
    /// second by rows, with the frequencies of a rotation half as wide; as in Gemma 4's encoder.
    case separate
    /// The pairs of even number turn by rows, those of odd number by columns, and stand in that
    /// order; as in Pixtral's encoder.
    case alternating
    /// So many pairs turn by time, height and width, one after the other; as in Qwen2-VL's decoder.
    case sections([Int])
    /// The same numbers, but pairs turn by time, height and width in turn, for as long as a
    /// direction has some left; by time otherwise. As in Qwen3-VL's decoder.
    case turns([Int])
  }

  /// Angle a position step for each pair, in radians.
  package let frequencies: [Double]
  /// The same in sequences that are longer than a number of tokens; nil where these are as others.
  package let longFrequencies: (values: [Double], beyond: Int)?
  /// How they were stretched.
  package let scaling: Scaling
  /// The direction whose position turns each pair.
  package let axes: [Int]
  /// What rotated elements are multiplied with.
  package let stretch: Double
  /// How many parts of the turning width turn each by itself.
  private let parts: Int

  /// - Parameters:
  ///   - width: Elements of a head that turn; even.
  ///   - base: Usually called theta.
  ///   - scaling: For context extension.
  ///   - axes: The directions in which tokens stand.
  ///   - own: What rotated elements are multiplied with; nil for what the scaling says.
  package init(
    width: Int, base: Double, scaling: Scaling = .none, axes: Axes = .line,
    stretch own: Double? = nil
  ) {
    self.scaling = scaling
    parts = axes == .separate ? 2 : 1
    if case .yarn(let factor, _, _, _, _) = scaling, factor > 1 {
      stretch = own ?? 0.1 * log(factor) + 1
    } else {
      stretch = own ?? 1
    }
    let (numbers, places) = RotaryEmbedding.arrangement(width: width, axes: axes)
    self.axes = places
    frequencies = numbers.map { i in
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
      case .yarn(let factor, let fast, let slow, let context, let truncates):
        /// The pair that turns so many times in the original context.
        func pair(turning turns: Double) -> Double {
          Double(width) * log(context / (turns * 2 * Double.pi)) / (2 * log(base))
        }
        let (first, last) = (pair(turning: fast), pair(turning: slow))
        let low = max(truncates ? first.rounded(.down) : first, 0)
        let high = min(truncates ? last.rounded(.up) : last, Double(width - 1))
        // The bounds may coincide; the ramp is then a step.
        let ramp = (Double(i / 2) - low) / (high == low ? 0.001 : high - low)
        let divided = min(max(ramp, 0), 1)
        return divided * frequency / factor + (1 - divided) * frequency
      case .proportional(let share, let factor):
        return i / 2 < Int(share * Double(width)) / 2 ? frequency / factor : 0
      case .divided(let divisors), .longrope(let divisors, _, _):
        return divisors.indices.contains(i / 2) ? frequency / Double(divisors[i / 2]) : frequency
      }
    }
    guard case .longrope(_, let long, let context) = scaling else {
      longFrequencies = nil
      return
    }
    let others = RotaryEmbedding(width: width, base: base, scaling: .divided(by: long), axes: axes)
    longFrequencies = (others.frequencies, context)
  }

  /// For each pair the even number that its frequency has in a rotation of the width, and the
  /// direction by which it turns.
  private static func arrangement(width: Int, axes: Axes) -> (numbers: [Int], axes: [Int]) {
    let pairs = width / 2
    switch axes {
    case .line: return ((0..<pairs).map { 2 * $0 }, [Int](repeating: 0, count: pairs))
    case .halves:
      let half = pairs / 2
      return (
        (0..<pairs).map { ($0 < half ? $0 : $0 - half) * 4 }, (0..<pairs).map { $0 < half ? 0 : 1 }
      )
    case .separate:
      let half = pairs / 2
      return (
        (0..<pairs).map { ($0 < half ? $0 : $0 - half) * 4 }, (0..<pairs).map { $0 < half ? 1 : 0 }
      )
    case .alternating:
      let half = (pairs + 1) / 2
      return (
        (0..<pairs).map { $0 < half ? 4 * $0 : 4 * ($0 - half) + 2 },
        (0..<pairs).map { $0 < half ? 0 : 1 }
      )
    case .sections(let counts):
      let places = counts.enumerated().flatMap { [Int](repeating: $0, count: max(0, $1)) }
      return ((0..<pairs).map { 2 * $0 }, (0..<pairs).map { $0 < places.count ? places[$0] : 0 })
    case .turns(let counts):
      let places = (0..<pairs).map { pair in
        let (turn, place) = pair.quotientAndRemainder(dividingBy: max(1, counts.count))
        return counts.indices.contains(place) && turn < counts[place] ? place : 0
      }
      return ((0..<pairs).map { 2 * $0 }, places)
    }
  }

  /// What the frequencies of a base were divided by.
  ///
  /// - Returns: One number a pair; 1 where the frequency was kept, 1e30 for a pair that does not turn.
  package func divisors(base: Double) -> [Float] {
    let plain = RotaryEmbedding(width: 2 * frequencies.count, base: base).frequencies
    return zip(plain, frequencies).map { $1 == 0 ? 1e30 : Float($0 / $1) }
  }

  /// Turns every head of every row.
  ///
  /// - Parameters:
  ///   - matrix: `[tokens, heads * headDimension]`
  ///   - headDimension: At least the turning width; what is beyond it stays.
  ///   - positions: One a row.
  ///   - lengths: For each row how long its sequence is; nil where that does not matter.
  package func rotate(
    _ matrix: inout Matrix, headDimension: Int, positions: [Int], lengths: [Int]? = nil
  ) {
    rotate(&matrix, headDimension: headDimension, positions: [positions], lengths: lengths)
  }

  /// Turns every head of every row of tokens that stand in several directions.
  ///
  /// - Parameters:
  ///   - matrix: `[tokens, heads * headDimension]`
  ///   - headDimension: At least the turning width; what is beyond it stays.
  ///   - positions: A list for each direction, one position a row; directions that are not given
  ///     are as the first.
  ///   - lengths: For each row how long its sequence is; nil where that does not matter.
  package func rotate(
    _ matrix: inout Matrix, headDimension: Int, positions: [[Int]], lengths: [Int]? = nil
  ) {
    precondition(!positions.isEmpty && positions.allSatisfy { $0.count == matrix.rows })
    let half = frequencies.count
    let columns = matrix.columns
    let rows = matrix.rows
    matrix.values.withUnsafeMutableBufferPointer { values in
      let values = DisjointWrites(values)
      Parallel.forEach(rows, scratch: { [Float](repeating: 0, count: 2 * half) }) { row, table in
        var frequencies = frequencies
        if let longFrequencies, let lengths, lengths[row] > longFrequencies.beyond {
          frequencies = longFrequencies.values
        }
        for i in 0..<half {
          // PyTorch rounds the angle to f32 before it takes the cosine.
          let position = positions[axes[i] < positions.count ? axes[i] : 0][row]
          let angle = Float(position) * Float(frequencies[i])
          table[i] = Float(cos(Double(angle)) * stretch)
          table[half + i] = Float(sin(Double(angle)) * stretch)
        }
        table.withUnsafeBufferPointer { table in
          guard let cosines = table.baseAddress else { return }
          let part = half / parts
          for head in stride(from: 0, to: columns, by: headDimension) {
            for index in 0..<parts {
              let place = row * columns + head + index * 2 * part
              pk_rotate_halves(
                .current, values.base + place, cosines + index * part,
                cosines + half + index * part, part)
            }
          }
        }
      }
    }
  }
}
