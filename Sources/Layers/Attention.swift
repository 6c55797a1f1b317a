// SPDX-License-Identifier: Apache-2.0

import CKernels
package import LinearAlgebra
import Parallelism

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Multi-head attention with grouped key and value heads.
///
/// - Source: Vaswani et al., arXiv:1706.03762; grouped queries: Ainslie et al., arXiv:2305.13245.
package struct Attention: Sendable {
  package enum Mask: Sendable, Equatable {
    /// Every position sees every position of its sequence.
    case all
    /// A position sees itself and what came before, at most `window` positions if that is set.
    case causal(window: Int?)
  }

  package let query: Linear
  /// Nil where keys and values are those of an earlier layer.
  package let key: Linear?
  /// Nil where values are what `key` gives, before its norm and the rotation.
  package let value: Linear?
  package let output: Linear
  /// Applied before the rotation, to each head or to all of them as one vector, by its width; nil
  /// in most models.
  package let queryNorm: Norm?
  package let keyNorm: Norm?
  /// Applied to the values; nil in most models.
  package let valueNorm: Norm?
  package let headCount: Int
  package let keyValueHeadCount: Int
  package let headDimension: Int
  package let rotary: RotaryEmbedding?
  package let mask: Mask
  /// What the products of queries and keys are multiplied with.
  package let scale: Float
  /// Bounds the scores before the mask, if it is set.
  package let softCap: SoftCap?
  /// A score of each head for nothing at all, `[headCount]`: it takes its share of the attention and
  /// adds nothing; nil in most models.
  ///
  /// - Source: Xiao et al., arXiv:2309.17453, section 3.3; learned ones are GPT-OSS's.
  package let sinks: [Float]?

  /// How queries grow with their position; nil in most models.
  package let growth: Growth?

  /// Keys and values of the rows of a batch: `[tokens, keyValueHeadCount * headDimension]` each.
  package struct Memory: Sendable {
    package let keys: Matrix
    package let values: Matrix
  }

  /// Whether each head of the queries has a gate below it, by whose sigmoid the head's result is
  /// multiplied.
  ///
  /// - Source: Qiu et al., Gated Attention, arXiv:2505.06708, equation 5.
  package let isGated: Bool

  /// What a query is multiplied with at position p: `1 + rate · ln(1 + ⌊p / length⌋)`.
  ///
  /// - Source: transformers' Llama 4 and Ministral 3 (behaviour); it keeps attention sharp in long texts.
  package struct Growth: Sendable, Equatable {
    package let rate: Double
    package let length: Int

    package init(rate: Double, length: Int) { (self.rate, self.length) = (rate, max(1, length)) }

    func factor(at position: Int) -> Float {
      Float(1 + rate * log(Double(1 + max(0, position) / length)))
    }
  }

  /// Without a `scale`, it is 1/√headDimension.
  package init(
    query: Linear, key: Linear?, value: Linear?, output: Linear, queryNorm: Norm?, keyNorm: Norm?,
    valueNorm: Norm? = nil, headCount: Int, keyValueHeadCount: Int, headDimension: Int,
    rotary: RotaryEmbedding?,
    mask: Mask, scale: Float? = nil, softCap: SoftCap? = nil, sinks: [Float]? = nil,
    growth: Growth? = nil, isGated: Bool = false
  ) {
    self.growth = growth
    self.isGated = isGated
    self.sinks = sinks
    self.scale = scale ?? 1 / Float(headDimension).squareRoot()
    self.softCap = softCap
    self.query = query
    self.key = key
    self.value = value
    self.output = output
    self.queryNorm = queryNorm
    self.keyNorm = keyNorm
    self.valueNorm = valueNorm
    self.headCount = headCount
    self.keyValueHeadCount = keyValueHeadCount
    self.headDimension = headDimension
    self.rotary = rotary
    self.mask = mask
  }

  /// Mixes the rows of each sequence.
  ///
  /// - Parameters:
  ///   - inputs: `[tokens, hiddenSize]`
  ///   - batch: How the rows divide into sequences.
  ///   - positions: Where rows stand, a list for each direction; nil for one after the other.
  ///   - reaches: How many keys of its sequence a row sees at least, whatever a causal mask says;
  ///     nil for none.
  ///   - reachesBack: Whether a row with such a number sees the keys before its window, too.
  ///   - cache: Keys and values of earlier steps, which this step's are added to; nil without.
  /// - Returns: `[tokens, hiddenSize]`
  package func callAsFunction(
    _ inputs: Matrix, batch: Batch, positions: [[Int]]? = nil, reaches: [Int]? = nil,
    reachesBack: Bool = false, cache: inout KeyValueCache?
  ) -> Matrix {
    let memory = memory(of: inputs, batch: batch, positions: positions)
    cache?.append(memory, of: batch)
    return self(
      inputs, in: memory, batch: batch, positions: positions, reaches: reaches,
      reachesBack: reachesBack, cache: cache)
  }

  /// The keys and values of the rows, keys rotated.
  ///
  /// - Parameters:
  ///   - inputs: `[tokens, hiddenSize]`
  ///   - batch: How the rows divide into sequences.
  ///   - positions: Where rows stand, a list for each direction; nil for one after the other.
  /// - Returns: Nothing where the layer has no keys of its own.
  package func memory(of inputs: Matrix, batch: Batch, positions: [[Int]]?) -> Memory {
    guard let key else {
      let none = Matrix(rows: inputs.rows, columns: 0)
      return Memory(keys: none, values: none)
    }
    var keys = key(inputs)
    var values = value.map { $0(inputs) } ?? keys
    if let keyNorm { keys = keyNorm(keys) }
    if let valueNorm { values = valueNorm(values) }
    rotary?.rotate(
      &keys, headDimension: headDimension, positions: positions ?? [batch.positions],
      lengths: rotary?.longFrequencies == nil ? nil : batch.lengthsSoFar)
    return Memory(keys: keys, values: values)
  }

  /// Mixes the rows of each sequence by keys and values that are there already.
  ///
  /// - Parameters:
  ///   - inputs: `[tokens, hiddenSize]`
  ///   - memory: The keys and values of the rows, of this layer or of another.
  ///   - batch: How the rows divide into sequences.
  ///   - positions: Where rows stand, a list for each direction; nil for one after the other.
  ///   - reaches: How many keys of its sequence a row sees at least.
  ///   - reachesBack: Whether a row with such a number sees the keys before its window, too.
  ///   - cache: Keys and values of all steps, this one included; nil without earlier ones.
  /// - Returns: `[tokens, hiddenSize]`
  package func callAsFunction(
    _ inputs: Matrix, in memory: Memory, batch: Batch, positions: [[Int]]?, reaches: [Int]?,
    reachesBack: Bool, cache: KeyValueCache?
  ) -> Matrix {
    var queries = query(inputs)
    var gates: Matrix?
    if isGated { (queries, gates) = queries.halves(ofHeads: headDimension) }
    if let queryNorm { queries = queryNorm(queries) }
    rotary?.rotate(
      &queries, headDimension: headDimension, positions: positions ?? [batch.positions],
      lengths: rotary?.longFrequencies == nil ? nil : batch.lengthsSoFar)
    if let growth {
      for (row, position) in (positions?.first ?? batch.positions).enumerated() {
        let factor = growth.factor(at: position)
        for i in row * queries.columns..<(row + 1) * queries.columns { queries.values[i] *= factor }
      }
    }
    var mixed = Matrix(rows: inputs.rows, columns: headCount * headDimension)
    for sequence in 0..<batch.sequenceCount {
      let (start, length) = (batch.starts[sequence], batch.lengths[sequence])
      let offset = cache == nil ? 0 : batch.offsets[sequence]
      mix(
        queries, rows: start..<start + length, keys: cache?.keys[sequence] ?? memory.keys.values,
        values: cache?.values[sequence] ?? memory.values.values, from: cache == nil ? start : 0,
        count: offset + length, offset: offset, reaches: reaches, reachesBack: reachesBack,
        into: &mixed)
    }
    if var gates {
      Activation.sigmoid.apply(to: &gates)
      mixed.multiply(by: gates)
    }
    return output(mixed)
  }

  /// Mixes the rows of each sequence once for each row of a table: what a row of the table finds in
  /// them.
  ///
  /// Nothing is rotated, and every row of a sequence is seen.
  ///
  /// - Parameters:
  ///   - seekers: The table, `[rows, query channels]`.
  ///   - inputs: `[tokens, key channels]`
  ///   - batch: How the inputs divide into sequences.
  /// - Returns: As many rows a sequence as the table has.
  package func callAsFunction(_ seekers: Matrix, in inputs: Matrix, batch: Batch) -> Matrix {
    var queries = query(seekers)
    if let queryNorm { queries = queryNorm(queries) }
    let memory = memory(of: inputs, batch: batch, positions: nil)
    let width = headCount * headDimension
    var found: [Float] = []
    for (start, length) in zip(batch.starts, batch.lengths) {
      var own = Matrix(rows: queries.rows, columns: width)
      mix(
        queries, rows: 0..<queries.rows, keys: memory.keys.values, values: memory.values.values,
        from: start,
        count: length, offset: 0, reaches: nil, reachesBack: false, into: &own)
      found += own.values
    }
    let rows = queries.rows * batch.sequenceCount
    return output(Matrix(rows: rows, columns: width, values: found))
  }

  /// Query rows that share one table of scores; bounds its memory.
  private static let queryBlock = 256

  /// Attention of one sequence.
  ///
  /// - Parameters:
  ///   - queries: `[tokens, headCount * headDimension]` of the whole batch.
  ///   - rows: The sequence's rows of `queries` and of `mixed`.
  ///   - keys: Rows of `keyValueHeadCount * headDimension`, the sequence's from row `from` on.
  ///   - values: The same for the values.
  ///   - from: The first row of `keys` and `values` that belongs to the sequence.
  ///   - total: How many of them do.
  ///   - offset: The position of the first query.
  ///   - reaches: How many keys each row of the batch sees at least.
  ///   - reachesBack: Whether the window does not count for rows that see a number at least.
  ///   - mixed: Receives the result.
  private func mix(
    _ queries: Matrix, rows: Range<Int>, keys: [Float], values: [Float], from: Int,
    count total: Int, offset: Int, reaches: [Int]?, reachesBack: Bool, into mixed: inout Matrix
  ) {
    let width = headDimension
    let queryStride = headCount * width
    let keyStride = keyValueHeadCount * width
    let group = headCount / keyValueHeadCount
    let blocks = (rows.count + Self.queryBlock - 1) / Self.queryBlock
    // A sink has a place of its own behind the scores of each row.
    let extra = sinks == nil ? 0 : 1
    let scratchCount = min(rows.count, Self.queryBlock) * (total + extra)
    queries.values.withUnsafeBufferPointer { q in
      keys.withUnsafeBufferPointer { k in
        values.withUnsafeBufferPointer { v in
          mixed.values.withUnsafeMutableBufferPointer { y in
            let q = SharedReads(q)
            let k = SharedReads(k)
            let v = SharedReads(v)
            let y = DisjointWrites(y)
            Parallel.forEach(
              headCount * blocks, scratch: { [Float](repeating: 0, count: scratchCount) }
            ) { index, scores in
              let head = index % headCount
              let first = index / headCount * Self.queryBlock
              let count = min(Self.queryBlock, rows.count - first)
              /// How many keys a row sees at least.
              func least(_ row: Int) -> Int { reaches?[rows.lowerBound + first + row] ?? 0 }
              /// How many keys a row sees.
              func end(_ row: Int) -> Int {
                let least = least(row)
                return mask == .all ? total : min(total, max(offset + first + row + 1, least))
              }
              let reach = (0..<count).map(end).max() ?? 0
              let shared = from * keyStride + head / group * width
              let stride = reach + extra
              let place = (rows.lowerBound + first) * queryStride + head * width
              scores.withUnsafeMutableBufferPointer { scores in
                guard let table = scores.baseAddress else { return }
                BLAS.multiplyTransposed(
                  m: count, n: reach, k: width, alpha: scale, a: q.base + place,
                  aStride: queryStride, b: k.base + shared, bStride: keyStride, result: table,
                  resultStride: stride)
                softCap?.apply(to: table, count * stride)
                for row in 0..<count {
                  normalize(
                    table + row * stride, reach, upper: end(row), position: offset + first + row,
                    hasWindow: !reachesBack || least(row) == 0, sink: sinks?[head])
                }
                BLAS.multiply(
                  m: count, n: width, k: reach, a: table, aStride: stride, b: v.base + shared,
                  bStride: keyStride, result: y.base + place, resultStride: queryStride)
              }
            }
          }
        }
      }
    }
  }

  /// Softmax over what the position may see, and the sink; zero elsewhere.
  ///
  /// Where there is a sink, one more place than `count` may be written.
  private func normalize(
    _ scores: UnsafeMutablePointer<Float>, _ count: Int, upper: Int, position: Int,
    hasWindow: Bool, sink: Float?
  ) {
    var lower = 0
    if hasWindow, case .causal(let window?) = mask {
      lower = min(upper, max(0, position + 1 - window))
    }
    for i in 0..<lower { scores[i] = 0 }
    if let sink {
      scores[upper] = sink
      pk_softmax(.current, scores + lower, upper - lower + 1)
    } else {
      pk_softmax(.current, scores + lower, upper - lower)
    }
    for i in upper..<max(upper, count) { scores[i] = 0 }
  }
}
