// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra
import Tensors
import Testing

struct LinearTests {
  /// Tokens, inputs, outputs: fewer and more outputs than a tile, and not a multiple of it.
  static let shapes = [(1, 1, 1), (3, 5, 7), (1, 64, 300), (7, 33, 16), (20, 40, 130), (0, 4, 5)]

  @Test(arguments: shapes, [false, true])
  func outputsAreNearTheExactProducts(_ shape: (Int, Int, Int), _ bias: Bool) throws {
    let (tokens, inputs, outputs) = shape
    let linear = try Samples.linear(outputs, inputs, seed: 7, bias: bias)
    let x = Samples.matrix(tokens, inputs, seed: 8)
    let y = linear(x)
    #expect(y.rows == tokens && y.columns == outputs)
    let weight = linear.weight.values()
    for t in 0..<tokens {
      for o in 0..<outputs {
        var sum = Double(linear.bias?[o] ?? 0)
        var magnitude = abs(sum)
        for i in 0..<inputs {
          let product = Double(x.values[t * inputs + i]) * Double(weight[o * inputs + i])
          sum += product
          magnitude += abs(product)
        }
        // One rounding a product and a sum, and one for the bias.
        let bound = Double(inputs + 2) * Samples.rounding * magnitude
        #expect(abs(Double(y.values[t * outputs + o]) - sum) <= bound)
      }
    }
  }

  @Test(arguments: WeightTests.encodings, [nil, Array((0..<70).reversed())])
  func anyStorageGivesTheBitsOfItsDecodedValues(_ encoding: Encoding, _ order: [Int]?) throws {
    let stored = try Samples.weight(
      Samples.values(70, 256, seed: 1), rows: 70, encoding: encoding, rowOrder: order)
    let dense = try Samples.weight(stored.values(), rows: 70)
    for tokens in [1, 6] {
      let x = Samples.matrix(tokens, 256, seed: 3)
      #expect(Linear(weight: stored)(x) == Linear(weight: dense)(x))
    }
  }

  @Test(arguments: [Encoding.f32, .bf16, .q8_0])
  func workersDoNotChangeTheBits(_ encoding: Encoding) throws {
    let linear = Linear(
      weight: try Samples.weight(
        Samples.values(500, 96, seed: 1), rows: 500, encoding: encoding))
    let x = Samples.matrix(5, 96, seed: 2)
    let results = Samples.perWorkerCount { linear(x) }
    #expect(results.allSatisfy { $0 == results[0] })
  }

  @Test func aVectorIsAddedToEachRow() {
    var matrix = Matrix(rows: 2, columns: 3, values: [0, 1, 2, 3, 4, 5])
    matrix.addToRows([10, 20, 30])
    #expect(matrix.values == [10, 21, 32, 13, 24, 35])
  }
}
