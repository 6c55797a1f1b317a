// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

struct ActivationTests {
  static func applied(_ activation: Activation, _ values: [Float]) -> [Float] {
    var matrix = Matrix(rows: 1, columns: values.count, values: values)
    activation.apply(to: &matrix)
    return matrix.values
  }

  static func formula(_ activation: Activation, _ x: Double) -> Double {
    switch activation {
    case .silu: x / (1 + exp(-x))
    case .sigmoid: 1 / (1 + exp(-x))
    case .relu: max(0, x)
    case .gelu: 0.5 * x * erfc(-x / 2.0.squareRoot())
    case .geluTanh, .geluNew:
      0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    case .quickGELU: x / (1 + exp(-1.702 * x))
    }
  }

  @Test(arguments: Activation.allCases)
  func valuesAreNearTheFormula(_ activation: Activation) {
    let inputs = stride(from: -30, through: 30, by: 0.0117).map { Float($0) }
    let outputs = Self.applied(activation, inputs)
    // About eight operations, each with one rounding, on values up to |x| or 1.
    let wrong = zip(inputs, outputs).filter { x, y in
      let bound = 8 * Samples.rounding * max(1, Double(abs(x)))
      return abs(Double(y) - Self.formula(activation, Double(x))) > bound
    }
    #expect(wrong.isEmpty)
  }

  @Test(arguments: Activation.allCases)
  func hugeInputsHaveTheirLimits(_ activation: Activation) {
    let limit: Float = activation == .sigmoid ? 1 : 1e30
    #expect(Self.applied(activation, [1e30]) == [limit])
    let far = Self.applied(activation, [.infinity])[0]
    #expect(far == (activation == .sigmoid ? 1 : .infinity))
    for x in [-90, -1e4] as [Float] {
      #expect(abs(Self.applied(activation, [x])[0]) < 1e-30)
    }
  }

  @Test(arguments: Activation.allCases)
  func nothingHidesNaN(_ activation: Activation) {
    let outputs = Self.applied(activation, [Float](repeating: .nan, count: 37))
    #expect(outputs.allSatisfy { $0.isNaN })
  }

  @Test(arguments: [Activation.silu, .gelu, .geluTanh, .quickGELU, .relu])
  func oppositeInputsDifferByTheInput(_ activation: Activation) {
    // x·g(x) with g(x) + g(-x) = 1.
    let inputs = Samples.matrix(1, 1000, seed: 1).values
    let outputs = zip(
      Self.applied(activation, inputs), Self.applied(activation, inputs.map { -$0 }))
    for (x, y) in zip(inputs, outputs) {
      #expect(abs(Double(y.0) - Double(y.1) - Double(x)) <= 16 * Samples.rounding * Double(abs(x)))
    }
  }

  @Test(arguments: Activation.allCases)
  func anElementsPlaceDoesNotChangeItsBits(_ activation: Activation) {
    let inputs = Samples.matrix(1, 67, seed: 2).values
    let together = Self.applied(activation, inputs)
    #expect(together == inputs.flatMap { Self.applied(activation, [$0]) })
  }

  @Test(arguments: Activation.allCases)
  func workersDoNotChangeTheBits(_ activation: Activation) {
    let x = Samples.matrix(70, 9, seed: 3)
    let results = Samples.perWorkerCount {
      var result = x
      activation.apply(to: &result)
      return result
    }
    #expect(results.allSatisfy { $0 == results[0] })
    #expect(results[0].values == Self.applied(activation, x.values))
  }

  @Test func namesAreThoseOfConfigurations() {
    let names = ["silu", "sigmoid", "relu", "gelu", "gelu_pytorch_tanh", "gelu_new", "quick_gelu"]
    #expect(names.compactMap { Activation(rawValue: $0) } == Activation.allCases)
  }

  @Test func productsAreByElement() {
    let a = Samples.matrix(3, 7, seed: 4)
    let b = Samples.matrix(3, 7, seed: 5)
    var product = a
    product.multiply(by: b)
    #expect(product.values == zip(a.values, b.values).map { $0 * $1 })
  }
}
