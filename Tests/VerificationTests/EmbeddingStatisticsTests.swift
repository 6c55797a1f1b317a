// SPDX-License-Identifier: Apache-2.0

import LinearAlgebra
import TestSupport
import Testing
import Verification

/// How near embeddings stay, and what they find.
struct EmbeddingStatisticsTests {
  private static func matrix(rows: Int, columns: Int, seed: UInt64) -> Matrix {
    var random = SplitMix64(seed: seed)
    return Matrix(rows: rows, columns: columns, values: random.normal(rows * columns))
  }

  private static func compare(_ x: Matrix, _ y: Matrix) -> EmbeddingStatistics {
    EmbeddingStatistics(texts: (0..<x.rows).map { "text \($0)" }, reference: x, candidate: y)
  }

  /// The nearest other row, one cosine after the other, in Float64.
  private static func nearest(in matrix: Matrix, of row: Int) -> Int? {
    func cosine(_ other: Int) -> Double {
      var (aa, bb, ab) = (0.0, 0.0, 0.0)
      for (a, b) in zip(matrix.row(row), matrix.row(other)) {
        aa += Double(a) * Double(a)
        bb += Double(b) * Double(b)
        ab += Double(a) * Double(b)
      }
      return ab / (aa * bb).squareRoot()
    }
    return (0..<matrix.rows).filter { $0 != row }.max { cosine($0) < cosine($1) }
  }

  @Test("nearest texts are those of a search one by one", arguments: [2, 3, 64, 65, 130])
  func search(rows: Int) {
    let x = Self.matrix(rows: rows, columns: 5, seed: 1)
    var y = x
    let noise = Self.matrix(rows: rows, columns: 5, seed: 2)
    for i in y.values.indices { y.values[i] += 0.3 * noise.values[i] }
    let found = Self.compare(x, y)
    for (row, text) in found.texts.enumerated() {
      #expect(
        text.keepsNearest == (Self.nearest(in: x, of: row) == Self.nearest(in: y, of: row)),
        "\(row)")
    }
    let kept = found.texts.count { $0.keepsNearest == true }
    #expect(found.sameNearest?.value == Double(kept) / Double(rows))
  }

  @Test("what is the same has a cosine of 1, no error and the same nearest texts")
  func same() {
    let x = Self.matrix(rows: 20, columns: 7, seed: 3)
    let found = Self.compare(x, x)
    #expect(found.cosine == Estimate(1, interval: 1...1))
    #expect(found.relativeError == Estimate(0, interval: 0...0))
    #expect(found.sameNearest == Estimate(1, interval: 1...1))
  }

  @Test("twice as long is as near, and an error all the same")
  func scaled() {
    let x = Self.matrix(rows: 20, columns: 7, seed: 4)
    let found = Self.compare(
      x, Matrix(rows: 20, columns: 7, values: x.values.map { 2 * $0 }))
    #expect(abs(found.cosine.value - 1) < 1e-12)
    #expect(abs(found.relativeError.value - 1) < 1e-12)
    #expect(found.sameNearest?.value == 1)
  }

  @Test("the text that is least alike comes first; other texts are none of its business")
  func worst() {
    let x = Self.matrix(rows: 20, columns: 7, seed: 5)
    var y = x
    for i in 13 * 7..<14 * 7 { y.values[i] = -y.values[i] }
    let found = Self.compare(x, y)
    #expect(found.worst(1).first?.text == "text 13")
    #expect(found.worst(1).first.map { abs($0.closeness.cosine + 1) < 1e-12 } == true)
    #expect(found.texts.count { $0.closeness.cosine == 1 } == 19)
    #expect(abs(found.cosine.value - 0.9) < 1e-12)
    #expect(found.worst(100).count == 20)
  }

  @Test("one text has no interval and no nearest")
  func one() {
    let x = Self.matrix(rows: 1, columns: 7, seed: 6)
    let found = Self.compare(x, x)
    #expect(found.cosine == Estimate(1, interval: nil))
    #expect(found.sameNearest == nil && found.texts.first?.keepsNearest == nil)
  }
}
