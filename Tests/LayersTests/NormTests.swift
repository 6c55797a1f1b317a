// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra
import Testing

struct NormTests {
  static let widths = [1, 2, 15, 16, 17, 31, 64, 300]

  /// Sums run in 16 lanes: that many roundings lie one behind the other, and a few around them.
  static func bound(_ width: Int) -> Double { Double(width / 16 + 16) * Samples.rounding }

  static func norm(_ kind: Norm.Kind, _ width: Int, epsilon: Float) -> Norm {
    Norm(kind: kind, weight: [Float](repeating: 1, count: width), bias: nil, epsilon: epsilon)
  }

  @Test(arguments: widths)
  func layerNormGivesMeanZeroAndVarianceOne(_ width: Int) {
    let y = Self.norm(.layer, width, epsilon: 0)(Samples.matrix(5, width, seed: 1))
    guard width > 1 else { return }
    for row in 0..<y.rows {
      let values = y.row(row).map(Double.init)
      let mean = values.reduce(0, +) / Double(width)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
      // The mean of the inputs can be far above their spread only for the shortest rows.
      #expect(abs(mean) < 64 * Self.bound(width))
      #expect(abs(variance - 1) < 64 * Self.bound(width))
    }
  }

  @Test(arguments: widths)
  func rootMeanSquareNormGivesMeanSquareOne(_ width: Int) {
    let y = Self.norm(.rootMeanSquare, width, epsilon: 0)(Samples.matrix(5, width, seed: 2))
    for row in 0..<y.rows {
      let square = y.row(row).reduce(0) { $0 + Double($1) * Double($1) } / Double(width)
      #expect(abs(square - 1) < 2 * Self.bound(width))
    }
  }

  @Test(arguments: widths, [Norm.Kind.layer, .rootMeanSquare])
  func rowsAreNearTheFormula(_ width: Int, _ kind: Norm.Kind) {
    let x = Samples.matrix(3, width, seed: 3)
    let weight = Samples.matrix(1, width, seed: 4).values
    let bias = Samples.matrix(1, width, seed: 5).values
    let norm = Norm(kind: kind, weight: weight, bias: bias, epsilon: 0.1)
    let y = norm(x)
    for row in 0..<x.rows {
      let values = x.row(row).map(Double.init)
      let mean = kind == .layer ? values.reduce(0, +) / Double(width) : 0
      let square = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
      let scale = 1 / (square + Double(Float(0.1))).squareRoot()
      for i in 0..<width {
        let shift = kind == .layer ? Double(bias[i]) : 0
        let expected = (values[i] - mean) * scale * Double(weight[i]) + shift
        // The inputs are below 4, the scale below 1 / sqrt(0.1).
        let magnitude = 8 * scale * abs(Double(weight[i])) + abs(shift)
        #expect(abs(Double(y.values[row * width + i]) - expected) <= Self.bound(width) * magnitude)
      }
    }
  }

  @Test(arguments: [Norm.Kind.layer, .rootMeanSquare])
  func powersOfTwoDoNotChangeTheBits(_ kind: Norm.Kind) {
    let x = Samples.matrix(4, 100, seed: 6)
    let norm = Self.norm(kind, 100, epsilon: 0)
    for factor in [0x1p-20, 2, 0x1p20] as [Float] {
      let scaled = Matrix(rows: 4, columns: 100, values: x.values.map { $0 * factor })
      #expect(norm(scaled) == norm(x))
    }
  }

  @Test(arguments: [Norm.Kind.layer, .rootMeanSquare], [1, 8, 24])
  func aShortWeightNormalizesEachHead(_ kind: Norm.Kind, _ width: Int) {
    let x = Samples.matrix(10, 6 * width, seed: 7)
    let norm = Norm(
      kind: kind, weight: Samples.matrix(1, width, seed: 8).values, bias: nil, epsilon: 1e-5)
    let heads = Matrix(rows: 60, columns: width, values: x.values)
    #expect(norm(x).values == norm(heads).values)
  }

  @Test(arguments: [Norm.Kind.layer, .rootMeanSquare])
  func constantRowsStayFinite(_ kind: Norm.Kind) {
    for value in [0, 1, -3e10, 1e-30] as [Float] {
      let x = Matrix(rows: 1, columns: 20, values: [Float](repeating: value, count: 20))
      #expect(Self.norm(kind, 20, epsilon: 1e-6)(x).values.allSatisfy { $0.isFinite })
    }
  }

  @Test(arguments: [Norm.Kind.layer, .rootMeanSquare])
  func workersDoNotChangeTheBits(_ kind: Norm.Kind) {
    let x = Samples.matrix(300, 33, seed: 9)
    let norm = Self.norm(kind, 33, epsilon: 1e-5)
    let results = Samples.perWorkerCount { norm(x) }
    #expect(results.allSatisfy { $0 == results[0] })
  }
}
