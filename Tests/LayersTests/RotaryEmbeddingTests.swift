// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

struct RotaryEmbeddingTests {
  static func rotated(
    _ rotary: RotaryEmbedding, _ matrix: Matrix, head: Int, _ positions: [Int]
  ) -> Matrix {
    var result = matrix
    rotary.rotate(&result, headDimension: head, positions: positions)
    return result
  }

  static func dot(_ a: Matrix, _ b: Matrix) -> Double {
    zip(a.values, b.values).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }

  @Test(arguments: [2, 8, 64], [0, 1, 17, 4095])
  func lengthsAreKept(_ width: Int, _ position: Int) {
    let x = Samples.matrix(1, width, seed: 1)
    let y = Self.rotated(RotaryEmbedding(width: width, base: 10_000), x, head: width, [position])
    for i in 0..<width / 2 {
      let before =
        Double(x.values[i]) * Double(x.values[i])
        + Double(x.values[i + width / 2]) * Double(x.values[i + width / 2])
      let after =
        Double(y.values[i]) * Double(y.values[i])
        + Double(y.values[i + width / 2]) * Double(y.values[i + width / 2])
      // Cosine, sine, two products and a sum are rounded; a square doubles their error.
      #expect(abs(after - before) <= 12 * Samples.rounding * before)
    }
  }

  @Test(arguments: [8, 64])
  func dotProductsDependOnTheDistanceAlone(_ width: Int) {
    let rotary = RotaryEmbedding(width: width, base: 10_000)
    let q = Samples.matrix(1, width, seed: 2)
    let k = Samples.matrix(1, width, seed: 3)
    let scale = (Self.dot(q, q) * Self.dot(k, k)).squareRoot()
    for distance in [0, 1, 5, 100] {
      let expected = Self.dot(
        Self.rotated(rotary, q, head: width, [distance]), Self.rotated(rotary, k, head: width, [0]))
      for start in [1, 10, 300] {
        let found = Self.dot(
          Self.rotated(rotary, q, head: width, [start + distance]),
          Self.rotated(rotary, k, head: width, [start]))
        // An angle is rounded relative to itself, as is its frequency: the positions count.
        let bound = Double(4 * (start + distance) + 16) * Samples.rounding * scale
        #expect(abs(found - expected) <= bound)
      }
    }
  }

  @Test func positionZeroChangesNothing() {
    let x = Samples.matrix(2, 32, seed: 4)
    #expect(Self.rotated(RotaryEmbedding(width: 16, base: 500), x, head: 16, [0, 0]) == x)
  }

  @Test func everyHeadTurnsAlikeAndTheRestStays() {
    let (head, width, heads) = (12, 8, 3)
    let rotary = RotaryEmbedding(width: width, base: 100)
    let x = Samples.matrix(5, heads * head, seed: 5)
    let positions = [3, 1, 4, 1, 5]
    let together = Self.rotated(rotary, x, head: head, positions)
    for row in 0..<5 {
      for h in 0..<heads {
        let place = row * heads * head + h * head
        let alone = Self.rotated(
          rotary, Matrix(rows: 1, columns: head, values: Array(x.values[place..<place + head])),
          head: head, [positions[row]])
        #expect(Array(together.values[place..<place + head]) == alone.values)
        #expect(alone.values[width...] == x.values[place + width..<place + head])
      }
    }
  }

  @Test(arguments: [2, 6, 64], [100, 10_000, 1e6])
  func frequenciesFallGeometricallyFromOne(_ width: Int, _ base: Double) {
    let frequencies = RotaryEmbedding(width: width, base: base).frequencies
    #expect(frequencies.count == width / 2)
    for (i, frequency) in frequencies.enumerated() {
      let expected = pow(base, -2 * Double(i) / Double(width))
      #expect(abs(frequency - expected) <= 1e-15 * expected)
    }
  }

  /// The first element of each pair turns towards the second.
  @Test func aQuarterTurnSwapsThePair() {
    let rotary = RotaryEmbedding(width: 2, base: 10_000)
    let turned = Self.rotated(
      rotary, Matrix(rows: 1, columns: 2, values: [1, 0]), head: 2, [1])
    #expect(abs(Double(turned.values[0]) - cos(1.0)) <= Samples.rounding)
    #expect(abs(Double(turned.values[1]) - sin(1.0)) <= Samples.rounding)
  }

  @Test func linearScalingStretchesPositions() {
    let x = Samples.matrix(4, 16, seed: 6)
    let plain = RotaryEmbedding(width: 16, base: 10_000)
    let scaled = RotaryEmbedding(width: 16, base: 10_000, scaling: .linear(factor: 4))
    #expect(
      Self.rotated(scaled, x, head: 16, [0, 4, 8, 400])
        == Self.rotated(plain, x, head: 16, [0, 1, 2, 100]))
  }

  @Test func llama3KeepsHighFrequenciesAndDividesLowOnes() {
    let plain = RotaryEmbedding(width: 128, base: 500_000).frequencies
    let scaled = RotaryEmbedding(
      width: 128, base: 500_000,
      scaling: .llama3(factor: 8, lowFactor: 1, highFactor: 4, originalContext: 8192)
    ).frequencies
    #expect(plain.first == 1 && scaled.first == 1)
    #expect(scaled.last == plain[63] / 8)
    #expect(zip(scaled, scaled.dropFirst()).allSatisfy { $0 > $1 })
    let ratios = zip(plain, scaled).map { $0 / $1 }
    #expect(ratios.allSatisfy { (1...8.000001).contains($0) })
    #expect(zip(ratios, ratios.dropFirst()).allSatisfy { $0 <= $1 * (1 + 1e-12) })
  }

  @Test func longropeDividesByTheNumbersForTheLengthOfASequence() {
    let x = Samples.matrix(5, 8, seed: 9)
    let positions = [0, 1, 2, 3, 4]
    let (short, long): ([Float], [Float]) = ([1, 2, 3, 4], [1.5, 5, 8, 11])
    let rotary = RotaryEmbedding(
      width: 8, base: 100,
      scaling: .longrope(short: short, long: long, originalContext: 4), stretch: 2)
    for (length, divisors) in [(3, short), (4, short), (5, long)] {
      var result = x
      rotary.rotate(
        &result, headDimension: 8, positions: positions,
        lengths: [Int](repeating: length, count: 5))
      let plain = Self.rotated(
        RotaryEmbedding(width: 8, base: 100, scaling: .divided(by: divisors)), x, head: 8,
        positions)
      // A factor of 2 is exact.
      #expect(result.values == plain.values.map { 2 * $0 })
    }
  }

  @Test func yarnKeepsFastPairsAndDividesSlowOnes() {
    let plain = RotaryEmbedding(width: 64, base: 10_000).frequencies
    let yarn = RotaryEmbedding(
      width: 64, base: 10_000,
      scaling: .yarn(factor: 8, fastTurns: 32, slowTurns: 1, originalContext: 4096))
    let ratios = zip(plain, yarn.frequencies).map { $0 / $1 }
    for (frequency, ratio) in zip(plain, ratios) {
      let turns = 4096 * frequency / (2 * Double.pi)
      // The bounds lie between pairs, and are moved outwards to the next one: a factor
      // 10000^(2/64) = 1.33 in turns.
      if turns > 32 * 1.34 { #expect(abs(ratio - 1) <= 1e-12) }
      if turns < 1 / 1.34 { #expect(abs(ratio - 8) <= 1e-12) }
    }
    #expect(zip(ratios, ratios.dropFirst()).allSatisfy { $0 <= $1 * (1 + 1e-12) })
    #expect(abs(yarn.stretch - (0.1 * log(8.0) + 1)) <= 1e-15)
  }

  /// Elements of a pair stand half a head apart.
  @Test func directionsTurnTheirOwnPairs() {
    let x = Samples.matrix(1, 16, seed: 8)
    let line = RotaryEmbedding(width: 16, base: 100)
    func turned(_ axes: RotaryEmbedding.Axes, _ positions: [Int]) -> Matrix {
      var result = x
      RotaryEmbedding(width: 16, base: 100, axes: axes).rotate(
        &result, headDimension: 16, positions: positions.map { [$0] })
      return result
    }
    func changed(_ matrix: Matrix) -> [Int] {
      (0..<8).filter {
        matrix.values[$0] != x.values[$0] || matrix.values[$0 + 8] != x.values[$0 + 8]
      }
    }
    #expect(changed(turned(.sections([2, 3, 3]), [5, 0, 0])) == [0, 1])
    #expect(changed(turned(.sections([2, 3, 3]), [0, 5, 0])) == [2, 3, 4])
    #expect(changed(turned(.sections([2, 3, 3]), [0, 0, 5])) == [5, 6, 7])
    #expect(turned(.sections([2, 3, 3]), [5, 5, 5]) == Self.rotated(line, x, head: 16, [5]))
    // Where the turn of a direction comes once more than it has pairs, time takes it.
    #expect(changed(turned(.turns([4, 2, 2]), [5, 0, 0])) == [0, 3, 6, 7])
    #expect(changed(turned(.turns([4, 2, 2]), [0, 5, 0])) == [1, 4])
    #expect(changed(turned(.turns([4, 2, 2]), [0, 0, 5])) == [2, 5])
    #expect(turned(.turns([4, 2, 2]), [5, 5, 5]) == Self.rotated(line, x, head: 16, [5]))
    // Directions that are not given are as the first.
    #expect(turned(.sections([2, 3, 3]), [5]) == Self.rotated(line, x, head: 16, [5]))
    for axes in [RotaryEmbedding.Axes.halves, .alternating] {
      #expect(changed(turned(axes, [5, 0])) == [0, 1, 2, 3])
      #expect(changed(turned(axes, [0, 5])) == [4, 5, 6, 7])
    }
    let halves = RotaryEmbedding(width: 16, base: 100, axes: .halves).frequencies
    #expect(Array(halves[..<4]) == Array(halves[4...]))
    #expect(Array(halves[..<4]) == RotaryEmbedding(width: 8, base: 100).frequencies)
    let alternating = RotaryEmbedding(width: 16, base: 100, axes: .alternating).frequencies
    #expect(alternating == [0, 2, 4, 6, 1, 3, 5, 7].map { line.frequencies[$0] })
  }

  @Test func workersDoNotChangeTheBits() {
    let x = Samples.matrix(40, 24, seed: 7)
    let rotary = RotaryEmbedding(width: 8, base: 10_000)
    let results = Samples.perWorkerCount {
      Self.rotated(rotary, x, head: 8, Array(0..<40))
    }
    #expect(results.allSatisfy { $0 == results[0] })
  }
}
