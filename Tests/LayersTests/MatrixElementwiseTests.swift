// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra
import TestSupport
import Testing

struct MatrixElementwiseTests {
  @Test("sums and products are by element, in however many parts", arguments: [1, 7, 700])
  func byElement(_ rows: Int) {
    var random = SplitMix64(seed: UInt64(rows))
    let a = Matrix(rows: rows, columns: 301, values: random.normal(rows * 301))
    let b = Matrix(rows: rows, columns: 301, values: random.normal(rows * 301))
    var sum = a
    sum += b
    #expect(sum.values == zip(a.values, b.values).map { $0 + $1 })
    var product = a
    product.multiply(by: b)
    #expect(product.values == zip(a.values, b.values).map { $0 * $1 })
  }

  @Test func aVectorIsAddedToEachRow() {
    var matrix = Matrix(rows: 2, columns: 2, values: [1, 2, 3, 4])
    matrix.addToRows([10, 20])
    #expect(matrix.values == [11, 22, 13, 24])
  }
}
