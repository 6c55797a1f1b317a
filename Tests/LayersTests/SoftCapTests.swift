// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra
import Testing

struct SoftCapTests {
  @Test func boundsAndKeepsSmallValues() throws {
    let cap = try #require(SoftCap(5))
    var values = Matrix(rows: 2, columns: 3, values: [0, 1e-4, -1e-4, 1000, -1000, 5])
    cap.apply(to: &values)
    #expect(values.values[0] == 0)
    // tanh x = x - x³/3 + ...: nothing of it is seen in f32 here.
    #expect(abs(values.values[1] - 1e-4) <= 1e-11 && abs(values.values[2] + 1e-4) <= 1e-11)
    #expect(values.values[3] == 5 && values.values[4] == -5)
    #expect(abs(values.values[5] - 3.807_971) <= 1e-6)
  }

  @Test func zeroMeansNoBound() { #expect(SoftCap(0) == nil) }
}
