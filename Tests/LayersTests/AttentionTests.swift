// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

struct AttentionTests {
  /// Sizes of an attention layer; activations have `hidden` columns.
  struct Sizes: CustomStringConvertible {
    var hidden = 24
    var heads = 4
    var groups = 4
    var width = 6
    var norms = false
    var rotates = true
    var description: String { "\(heads)/\(groups)x\(width) norms \(norms) rotates \(rotates)" }
  }

  static let sizes = [
    Sizes(), Sizes(groups: 2), Sizes(groups: 1), Sizes(hidden: 10, heads: 3, groups: 3, width: 4),
    Sizes(norms: true), Sizes(groups: 2, rotates: false), Sizes(heads: 1, groups: 1, width: 2),
  ]

  static func attention(_ sizes: Sizes, mask: Attention.Mask) throws -> Attention {
    let queries = sizes.heads * sizes.width
    let shared = sizes.groups * sizes.width
    let weight = Samples.matrix(1, sizes.width, seed: 50).values
    let norm = Norm(kind: .rootMeanSquare, weight: weight, bias: nil, epsilon: 1e-5)
    return Attention(
      query: try Samples.linear(queries, sizes.hidden, seed: 51, bias: true),
      key: try Samples.linear(shared, sizes.hidden, seed: 52, bias: true),
      value: try Samples.linear(shared, sizes.hidden, seed: 53, bias: true),
      output: try Samples.linear(sizes.hidden, queries, seed: 54),
      queryNorm: sizes.norms ? norm : nil, keyNorm: sizes.norms ? norm : nil,
      headCount: sizes.heads, keyValueHeadCount: sizes.groups, headDimension: sizes.width,
      rotary: sizes.rotates ? RotaryEmbedding(width: sizes.width, base: 100) : nil, mask: mask)
  }

  static func applied(_ attention: Attention, _ inputs: Matrix, lengths: [Int]? = nil) -> Matrix {
    var cache: KeyValueCache?
    return attention(inputs, batch: Batch(lengths: lengths ?? [inputs.rows]), cache: &cache)
  }

  /// Roundings of four products that follow each other.
  ///
  /// Projections, scores, mixing and the output have as many as they have terms. Cancellation can
  /// make what they leave four times as large.
  static func roundings(_ sizes: Sizes, tokens: Int) -> Int {
    4 * (sizes.hidden + sizes.width + tokens + sizes.heads * sizes.width)
  }

  /// Attention by its formula, query by query.
  static func formula(_ a: Attention, _ x: Matrix) throws -> Matrix {
    var q = a.query(x)
    let (key, value) = (try #require(a.key), try #require(a.value))
    var k: Matrix = key(x)
    let v: Matrix = value(x)
    if let norm = a.queryNorm { q = norm(q) }
    if let norm = a.keyNorm { k = norm(k) }
    let positions = Array(0..<x.rows)
    a.rotary?.rotate(&q, headDimension: a.headDimension, positions: positions)
    a.rotary?.rotate(&k, headDimension: a.headDimension, positions: positions)
    let width = a.headDimension
    var mixed = Matrix(rows: x.rows, columns: q.columns)
    for row in 0..<x.rows {
      var seen = 0..<x.rows
      if case .causal(let window) = a.mask {
        seen = max(0, row + 1 - (window ?? x.rows))..<row + 1
      }
      for head in 0..<a.headCount {
        let shared = head / (a.headCount / a.keyValueHeadCount) * width
        let query = row * q.columns + head * width
        let weights = seen.map { other in
          exp(
            (0..<width).reduce(0.0) {
              $0 + Double(q.values[query + $1]) * Double(k.values[other * k.columns + shared + $1])
            } / Double(width).squareRoot())
        }
        let total = weights.reduce(0, +)
        for i in 0..<width {
          let sum = zip(seen, weights).reduce(0.0) {
            $0 + $1.1 * Double(v.values[$1.0 * v.columns + shared + i])
          }
          mixed.values[query + i] = Float(sum / total)
        }
      }
    }
    return a.output(mixed)
  }

  static let masks: [Attention.Mask] = [
    .all, .causal(window: nil), .causal(window: 1), .causal(window: 4), .causal(window: 100),
  ]

  @Test("rows that reach further see what comes behind them")
  func reaches() throws {
    let causal = try Self.attention(Sizes(), mask: .causal(window: nil))
    let all = try Self.attention(Sizes(), mask: .all)
    let inputs = Samples.matrix(7, 24, seed: 60)
    func applied(_ reaches: [Int]) -> Matrix {
      var cache: KeyValueCache?
      return causal(inputs, batch: Batch(lengths: [7]), reaches: reaches, cache: &cache)
    }
    #expect(applied([Int](repeating: 0, count: 7)) == Self.applied(causal, inputs))
    let whole = applied([Int](repeating: 7, count: 7))
    for (x, y) in zip(whole.values, Self.applied(all, inputs).values) {
      #expect(abs(x - y) <= Float(32 * Samples.rounding))
    }
    // Rows 2 and 3 see each other; the others are as before.
    let (some, none) = (applied([0, 0, 4, 4, 0, 0, 0]), Self.applied(causal, inputs))
    for row in 0..<7 {
      let isNear = zip(some.row(row), none.row(row)).allSatisfy { abs($0 - $1) <= 1e-6 }
      #expect(isNear == (row != 2))
    }
  }

  @Test("rows that reach back see what is before their window, the others do not")
  func reachesBack() throws {
    let window = try Self.attention(Sizes(), mask: .causal(window: 2))
    let all = try Self.attention(Sizes(), mask: .all)
    let inputs = Samples.matrix(7, 24, seed: 61)
    var cache: KeyValueCache?
    let reaches = [4, 4, 4, 4, 0, 0, 0]
    let mixed = window(
      inputs, batch: Batch(lengths: [7]), reaches: reaches, reachesBack: true, cache: &cache)
    let inner = Self.applied(all, inputs.gathered([0, 1, 2, 3]))
    for (x, y) in zip(mixed.values, inner.values) {
      #expect(abs(x - y) <= Float(32 * Samples.rounding))
    }
    let plain = Self.applied(window, inputs)
    for row in 4..<7 { #expect(mixed.row(row) == plain.row(row)) }
  }

  @Test(arguments: sizes, masks)
  func resultsAreNearTheFormula(_ sizes: Sizes, _ mask: Attention.Mask) throws {
    let attention = try Self.attention(sizes, mask: mask)
    for tokens in [1, 2, 9] {
      let x = Samples.matrix(tokens, sizes.hidden, seed: UInt64(tokens))
      let roundings = Self.roundings(sizes, tokens: tokens)
      let expected = try Self.formula(attention, x)
      #expect(Samples.near(Self.applied(attention, x), expected, roundings: roundings))
    }
  }

  @Test(arguments: [Attention.Mask.all, .causal(window: nil), .causal(window: 70)])
  func manyQueriesAreNearTheFormula(_ mask: Attention.Mask) throws {
    let sizes = Sizes(hidden: 4, heads: 1, groups: 1, width: 2)
    let attention = try Self.attention(sizes, mask: mask)
    // More than one block of queries.
    let x = Samples.matrix(300, sizes.hidden, seed: 3)
    let roundings = Self.roundings(sizes, tokens: 300)
    let expected = try Self.formula(attention, x)
    #expect(Samples.near(Self.applied(attention, x), expected, roundings: roundings))
  }

  @Test(arguments: sizes, [[Int](repeating: 1, count: 10), [10], [4, 1, 5], [1, 9]])
  func aCacheChangesNothing(_ sizes: Sizes, _ steps: [Int]) throws {
    for window in [nil, 3] {
      let attention = try Self.attention(sizes, mask: .causal(window: window))
      let x = Samples.matrix(10, sizes.hidden, seed: 4)
      var cache: KeyValueCache? = KeyValueCache(sequenceCount: 1)
      var result = Matrix(rows: 0, columns: sizes.hidden)
      var done = 0
      for step in steps {
        let part = attention(
          x.rows(done..<done + step), batch: Batch(lengths: [step], offsets: [done]), cache: &cache)
        result = Matrix(
          rows: done + step, columns: sizes.hidden, values: result.values + part.values)
        done += step
      }
      let whole = Self.applied(attention, x)
      #expect(Samples.near(result, whole, roundings: Self.roundings(sizes, tokens: 10)))
      #expect(cache?.keys.map(\.count) == [10 * sizes.groups * sizes.width])
      #expect(cache?.values.map(\.count) == [10 * sizes.groups * sizes.width])
    }
  }

  @Test(arguments: sizes)
  func laterTokensDoNotChangeEarlierResults(_ sizes: Sizes) throws {
    let attention = try Self.attention(sizes, mask: .causal(window: nil))
    let x = Samples.matrix(12, sizes.hidden, seed: 5)
    var other = x
    for i in 7 * sizes.hidden..<x.values.count { other.values[i] *= -3 }
    let before = Self.applied(attention, x)
    let after = Self.applied(attention, other)
    #expect(before.rows(0..<7) == after.rows(0..<7))
    #expect(before.rows(7..<12) != after.rows(7..<12))
    let short = Self.applied(attention, x.rows(0..<7))
    #expect(Samples.near(short, before.rows(0..<7), roundings: Self.roundings(sizes, tokens: 12)))
  }

  @Test func withoutAMaskEveryTokenCounts() throws {
    let attention = try Self.attention(Sizes(), mask: .all)
    let x = Samples.matrix(5, 24, seed: 6)
    var other = x
    other.values[4 * 24] += 1
    let before = Self.applied(attention, x)
    let after = Self.applied(attention, other)
    #expect((0..<5).allSatisfy { before.row($0) != after.row($0) })
  }

  @Test(arguments: sizes, [Attention.Mask.all, .causal(window: nil)])
  func sequencesOfABatchDoNotMeet(_ sizes: Sizes, _ mask: Attention.Mask) throws {
    let attention = try Self.attention(sizes, mask: mask)
    let lengths = [3, 1, 6]
    let x = Samples.matrix(10, sizes.hidden, seed: 7)
    let together = Self.applied(attention, x, lengths: lengths)
    var cache: KeyValueCache? = KeyValueCache(sequenceCount: 3)
    let cached = attention(x, batch: Batch(lengths: lengths), cache: &cache)
    var start = 0
    for length in lengths {
      let alone = Self.applied(attention, x.rows(start..<start + length))
      let roundings = Self.roundings(sizes, tokens: 10)
      #expect(Samples.near(together.rows(start..<start + length), alone, roundings: roundings))
      #expect(Samples.near(cached.rows(start..<start + length), alone, roundings: roundings))
      start += length
    }
  }

  @Test(arguments: [1, 2])
  func groupedHeadsEqualRepeatedOnes(_ groups: Int) throws {
    let sizes = Sizes(groups: groups)
    let grouped = try Self.attention(sizes, mask: .causal(window: nil))
    func repeated(_ linear: Linear) throws -> Linear {
      let order = (0..<sizes.heads).flatMap { head in
        (0..<sizes.width).map { head / (sizes.heads / groups) * sizes.width + $0 }
      }
      let weight = Weight(
        source: linear.weight.source, format: linear.weight.format, rows: order.count,
        columns: sizes.hidden, rowOrder: order)
      return Linear(weight: weight, bias: linear.bias.map { bias in order.map { bias[$0] } })
    }
    let full = Attention(
      query: grouped.query, key: try repeated(#require(grouped.key)),
      value: try repeated(#require(grouped.value)),
      output: grouped.output, queryNorm: nil, keyNorm: nil, headCount: sizes.heads,
      keyValueHeadCount: sizes.heads, headDimension: sizes.width, rotary: grouped.rotary,
      mask: grouped.mask)
    let x = Samples.matrix(9, sizes.hidden, seed: 8)
    #expect(
      Samples.near(
        Self.applied(grouped, x), Self.applied(full, x),
        roundings: Self.roundings(sizes, tokens: 9)))
  }

  @Test func aWindowOfOneSeesItselfAlone() throws {
    let sizes = Sizes(groups: 4)
    let attention = try Self.attention(sizes, mask: .causal(window: 1))
    let x = Samples.matrix(6, sizes.hidden, seed: 9)
    let value = try #require(attention.value)
    #expect(
      Samples.near(
        Self.applied(attention, x), attention.output(value(x)),
        roundings: Self.roundings(sizes, tokens: 6)))
  }

  @Test func aWideWindowIsNone() throws {
    let x = Samples.matrix(8, 24, seed: 10)
    let wide = try Self.attention(Sizes(), mask: .causal(window: 8))
    let none = try Self.attention(Sizes(), mask: .causal(window: nil))
    #expect(Self.applied(wide, x) == Self.applied(none, x))
  }

  @Test(arguments: [0, -1, Int.min + 10])
  func aWindowOfNothingGivesNothing(_ window: Int) throws {
    let attention = try Self.attention(Sizes(), mask: .causal(window: window))
    let result = Self.applied(attention, Samples.matrix(3, 24, seed: 11))
    #expect(result.values.allSatisfy { $0 == 0 })
  }

  @Test(arguments: sizes.filter { !$0.rotates })
  func withoutPositionsTheOrderDoesNotMatter(_ sizes: Sizes) throws {
    let attention = try Self.attention(sizes, mask: .all)
    let x = Samples.matrix(7, sizes.hidden, seed: 12)
    let order = [3, 6, 0, 5, 1, 4, 2]
    #expect(
      Samples.near(
        Self.applied(attention, x.gathered(order)), Self.applied(attention, x).gathered(order),
        roundings: Self.roundings(sizes, tokens: 7)))
  }

  /// - A sequence that looks for its own rows is attention without a mask.
  @Test("a table finds in each sequence what the sequence itself would find there")
  func tables() throws {
    for sizes in AttentionTests.sizes.filter({ !$0.rotates }) + [Sizes(norms: true, rotates: false)]
    {
      let attention = try AttentionTests.attention(sizes, mask: .all)
      let inputs = Samples.matrix(12, sizes.hidden, seed: 61)
      let table = inputs.rows(0..<5)
      let found = attention(table, in: inputs, batch: Batch(lengths: [5, 7]))
      #expect(found.rows == 10 && found.columns == sizes.hidden)
      #expect(found.rows(0..<5) == AttentionTests.applied(attention, table))
      let alone = attention(table, in: inputs.rows(5..<12), batch: Batch(lengths: [7]))
      #expect(found.rows(5..<10) == alone)
      // The order of what is seen does not matter, but for roundings.
      let turned = attention(
        table, in: inputs.gathered([4, 2, 0, 1, 3]), batch: Batch(lengths: [5]))
      let scale = found.values.map(abs).max() ?? 0
      let bound = Float(AttentionTests.roundings(sizes, tokens: 5)) * 0x1p-24 * scale
      for (a, b) in zip(turned.values, found.values) { #expect(abs(a - b) <= bound) }
    }
  }

  @Test(arguments: sizes)
  func workersDoNotChangeTheBits(_ sizes: Sizes) throws {
    let attention = try Self.attention(sizes, mask: .causal(window: nil))
    let x = Samples.matrix(20, sizes.hidden, seed: 13)
    let results = Samples.perWorkerCount { Self.applied(attention, x) }
    #expect(results.allSatisfy { $0 == results[0] })
  }
}
