// SPDX-License-Identifier: Apache-2.0

import Calibration
import LinearAlgebra
import TestSupport
import Testing

struct ColumnStatisticsTests {
  private static func matrix(_ rows: Int, seed: UInt64) -> Matrix {
    var random = SplitMix64(seed: seed)
    return Matrix(rows: rows, columns: 150, values: random.normal(rows * 150))
  }

  @Test("parts together are the whole, in any order, to the rounding of Float64")
  func parts() {
    let (a, b) = (Self.matrix(7, seed: 1), Self.matrix(40, seed: 2))
    var whole = ColumnStatistics(columns: 150)
    whole.add(Matrix(rows: 47, columns: 150, values: a.values + b.values))
    var forwards = ColumnStatistics(columns: 150)
    forwards.add(a)
    forwards.add(b)
    var backwards = ColumnStatistics(columns: 150)
    backwards.add(b)
    var rest = ColumnStatistics(columns: 150)
    rest.add(a)
    backwards.add(rest)
    #expect(whole.count == 47 && forwards == whole && backwards.count == 47)
    for column in 0..<150 {
      let exact = (a.values + b.values).enumerated()
        .filter { $0.offset % 150 == column }.map { Double($0.element) }
      let squares = exact.reduce(0) { $0 + $1 * $1 }
      // Each addition is off by half a unit in the last place at most.
      #expect(abs(whole.squares[column] - squares) <= 47 * 0x1p-53 * squares)
      #expect(abs(backwards.squares[column] - squares) <= 47 * 0x1p-53 * squares)
      let magnitudes = exact.reduce(0) { $0 + abs($1) }
      #expect(abs(whole.sums[column] - exact.reduce(0, +)) <= 47 * 0x1p-53 * magnitudes)
    }
    #expect(whole.meanSquares?.count == 150)
    #expect(ColumnStatistics(columns: 3).meanSquares == nil)
  }
}
