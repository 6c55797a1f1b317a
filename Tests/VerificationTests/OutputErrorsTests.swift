// SPDX-License-Identifier: Apache-2.0

import LinearAlgebra
import TestSupport
import Testing

@testable import Verification

struct OutputErrorsTests {
  private static func pair(
    _ rows: Int, _ random: inout SplitMix64
  ) -> (reference: Matrix, candidate: Matrix) {
    let values = random.normal(rows * 5)
    let noise = random.normal(rows * 5)
    return (
      Matrix(rows: rows, columns: 5, values: values),
      Matrix(rows: rows, columns: 5, values: zip(values, noise).map { $0 + 0.1 * $1 })
    )
  }

  @Test("the figure does not depend on how rows divide, and the interval holds it")
  func figure() throws {
    var random = SplitMix64(seed: 5)
    let (reference, candidate) = Self.pair(60, &random)
    var whole = OutputErrors()
    whole.add(reference: reference, candidate: candidate, lengths: [60])
    var divided = OutputErrors()
    for start in [0, 20, 40] {
      divided.add(
        reference: reference.rows(start..<start + 20),
        candidate: candidate.rows(start..<start + 20),
        lengths: [5, 12, 3])
    }
    // Sums of 300 squares in f64, of stretches in f32.
    #expect(abs(divided.relativeError.value / whole.relativeError.value - 1) < 1e-6)
    #expect(whole.relativeError.interval == nil)
    let interval = try #require(divided.relativeError.interval)
    #expect(interval.contains(divided.relativeError.value))
    #expect(interval.lowerBound < interval.upperBound)
  }

  @Test("rows that belong to no documents count as one; many documents share places")
  func places() {
    var random = SplitMix64(seed: 6)
    let (reference, candidate) = Self.pair(9, &random)
    var odd = OutputErrors()
    odd.add(reference: reference, candidate: candidate, lengths: [4, 4])
    #expect(odd.relativeError.interval == nil && odd.relativeError.value > 0)
    var many = OutputErrors()
    for _ in 0..<100 {
      many.add(reference: reference, candidate: candidate, lengths: [Int](repeating: 1, count: 9))
    }
    #expect(abs(many.relativeError.value / odd.relativeError.value - 1) < 1e-6)
  }
}
