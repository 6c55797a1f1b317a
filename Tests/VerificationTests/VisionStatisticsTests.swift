// SPDX-License-Identifier: Apache-2.0

import LinearAlgebra
import TestSupport
import Testing
import Verification

struct VisionStatisticsTests {
  private static func matrix(_ seed: UInt64, _ factor: Float = 1) -> Matrix {
    var random = SplitMix64(seed: seed)
    return Matrix(
      rows: 5, columns: 7,
      values: (0..<35).map { _ in factor * Float.random(in: -1...1, using: &random) })
  }

  @Test("the same is the same, an opposite is opposite, and size is no matter of direction")
  func likeness() {
    let x = Self.matrix(1)
    let same = Closeness(x, x)
    #expect(same.cosine == 1 && same.relativeError == 0)
    let opposite = Closeness(x, Self.matrix(1, -1))
    #expect(abs(opposite.cosine + 1) < 1e-12 && abs(opposite.relativeError - 2) < 1e-12)
    let half = Closeness(x, Self.matrix(1, 0.5))
    #expect(abs(half.cosine - 1) < 1e-12 && abs(half.relativeError - 0.5) < 1e-12)
    #expect(abs(Closeness(x, Self.matrix(2)).cosine) < 0.9)
  }

  @Test("other shapes are not alike")
  func shapes() {
    let other = Matrix(rows: 7, columns: 5, values: Self.matrix(1).values)
    #expect(Closeness(Self.matrix(1), other).cosine == 0)
  }
}
