// SPDX-License-Identifier: Apache-2.0

import CKernels
package import LinearAlgebra
import Parallelism

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A gated delta network: each head keeps a matrix that maps keys to values, forgets some of it with
/// every token, corrects what it gives for the token's key towards the token's value, and is asked with
/// the token's query.
///
/// Queries, keys and values go through a causal convolution; queries and keys have length 1. What is
/// found is normalized, gated and goes through a linear layer. Key heads are shared by as many value
/// heads each, one behind the other.
///
/// - Source: Yang et al., Gated Delta Networks, arXiv:2412.06464, equation 10 and figure 1; the
///   norm's gate is transformers' Qwen3.5 (behaviour).
package struct GatedDelta: Sendable {
  /// Queries, keys and values, one below the other.
  package let queryKeyValue: Linear
  /// Gates what is found, `[value heads * valueDimension, hiddenSize]`.
  package let gate: Linear
  /// How much of the correction is made, before a sigmoid, `[value heads, hiddenSize]`.
  package let write: Linear
  /// How much is forgotten, `[value heads, hiddenSize]`.
  package let decay: Linear
  package let convolution: CausalConvolution
  /// Follows the convolution.
  package let activation: Activation
  /// The logarithm of how fast each value head forgets.
  package let decayRates: [Float]
  /// Added to what `decay` gives, before it is made positive by softplus.
  package let decayBias: [Float]
  /// Of each value head's result.
  package let norm: Norm
  package let output: Linear
  package let keyHeadCount: Int
  package let keyDimension: Int

  /// Added to squared lengths, so that none is 0.
  private static let epsilon: Float = 1e-6

  package init(
    queryKeyValue: Linear, gate: Linear, write: Linear, decay: Linear,
    convolution: CausalConvolution, activation: Activation, decayRates: [Float],
    decayBias: [Float], norm: Norm, output: Linear, keyHeadCount: Int, keyDimension: Int
  ) {
    self.queryKeyValue = queryKeyValue
    self.gate = gate
    self.write = write
    self.decay = decay
    self.convolution = convolution
    self.activation = activation
    self.decayRates = decayRates
    self.decayBias = decayBias
    self.norm = norm
    self.output = output
    self.keyHeadCount = keyHeadCount
    self.keyDimension = keyDimension
  }

  package var valueHeadCount: Int { decayRates.count }
  package var valueDimension: Int { norm.weight.count }
  /// Where the values begin in a row of queries, keys and values.
  private var firstValue: Int { 2 * keyHeadCount * keyDimension }

  /// Mixes the rows of each sequence.
  ///
  /// - Parameters:
  ///   - inputs: `[tokens, hiddenSize]`
  ///   - batch: How the rows divide into sequences.
  ///   - cache: Its keys are the last rows that the convolution saw, its values the matrices
  ///     `[value heads, keyDimension, valueDimension]`; nil without.
  /// - Returns: `[tokens, hiddenSize]`
  package func callAsFunction(
    _ inputs: Matrix, batch: Batch, cache: inout KeyValueCache?
  ) -> Matrix {
    var mixed = convolution(queryKeyValue(inputs), batch: batch, cache: &cache)
    activation.apply(to: &mixed)
    normalizeLengths(&mixed)
    var writes = write(inputs)
    Activation.sigmoid.apply(to: &writes)
    var found = Matrix(rows: inputs.rows, columns: valueHeadCount * valueDimension)
    let decays = decays(decay(inputs))
    for sequence in 0..<batch.sequenceCount {
      let start = batch.starts[sequence]
      var states = cache?.values[sequence] ?? []
      if states.isEmpty {
        let count = valueHeadCount * keyDimension * valueDimension
        states = [Float](repeating: 0, count: count)
      }
      run(
        start..<start + batch.lengths[sequence], of: mixed, writes: writes.values,
        decays: decays.values, states: &states, into: &found)
      cache?.values[sequence] = states
    }
    found = norm(found)
    var gates = gate(inputs)
    Activation.silu.apply(to: &gates)
    found.multiply(by: gates)
    return output(found)
  }

  /// What is left of the matrices at each token: `exp(-exp(rate) · softplus(x + bias))`.
  private func decays(_ steps: Matrix) -> Matrix {
    var result = steps
    let heads = valueHeadCount
    for index in result.values.indices {
      let x = Double(steps.values[index] + decayBias[index % heads])
      let step = x > 20 ? x : log1p(exp(x))
      result.values[index] = Float(exp(-exp(Double(decayRates[index % heads])) * step))
    }
    return result
  }

  /// Makes each query and each key one of length 1.
  private func normalizeLengths(_ mixed: inout Matrix) {
    let (columns, width, heads) = (mixed.columns, keyDimension, 2 * keyHeadCount)
    for row in 0..<mixed.rows {
      for head in 0..<heads {
        let place = row * columns + head * width..<row * columns + (head + 1) * width
        let square = mixed.values[place].reduce(0) { $0 + $1 * $1 }
        let factor = 1 / (square + GatedDelta.epsilon).squareRoot()
        for i in place { mixed.values[i] *= factor }
      }
    }
  }

  /// The rows of one sequence, head by head.
  private func run(
    _ rows: Range<Int>, of mixed: Matrix, writes: [Float], decays: [Float],
    states: inout [Float], into found: inout Matrix
  ) {
    let (keys, width, heads) = (keyDimension, valueDimension, valueHeadCount)
    let (columns, group, firstValue) = (mixed.columns, heads / keyHeadCount, firstValue)
    let firstKey = keyHeadCount * keys
    let scale = 1 / Float(keys).squareRoot()
    mixed.values.withUnsafeBufferPointer { mixed in
      states.withUnsafeMutableBufferPointer { states in
        found.values.withUnsafeMutableBufferPointer { found in
          let mixed = SharedReads(mixed)
          let states = DisjointWrites(states)
          let found = DisjointWrites(found)
          Parallel.forEach(heads, scratch: { [Float](repeating: 0, count: width) }) {
            head, scratch in
            let state = states.base + head * keys * width
            scratch.withUnsafeMutableBufferPointer { scratch in
              guard let missing = scratch.baseAddress else { return }
              for row in rows {
                let query = mixed.base + row * columns + head / group * keys
                let key = query + firstKey
                let value = mixed.base + row * columns + firstValue + head * width
                let decay = decays[row * heads + head]
                for j in 0..<width { missing[j] = value[j] }
                for i in 0..<keys {
                  let line = state + i * width
                  for j in 0..<width { line[j] *= decay }
                  pk_add_scaled(.current, missing, -key[i], line, width)
                }
                let write = writes[row * heads + head]
                let result = found.base + (row * heads + head) * width
                for i in 0..<keys {
                  let line = state + i * width
                  pk_add_scaled(.current, line, write * key[i], missing, width)
                  pk_add_scaled(.current, result, scale * query[i], line, width)
                }
              }
            }
          }
        }
      }
    }
  }
}
