// SPDX-License-Identifier: Apache-2.0

import CKernels
import TestSupport
import Tensors
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The kernels of `layers.c`, on every instruction set of the machine.
struct LayerKernelsTests {
  typealias Kernel = @Sendable (pk_instruction_set, inout [Float], [Float]) -> Void

  /// Each works on `values` in place, with `other` of the same length.
  static let kernels: [(String, Kernel)] = [
    ("rms norm", { set, x, w in pk_rms_norm(set, w, x, 0.5, 1e-5, x.count, &x) }),
    ("layer norm", { set, x, w in pk_layer_norm(set, w, x, w, 1e-5, x.count, &x) }),
    ("softmax", { set, x, _ in pk_softmax(set, &x, x.count) }),
    ("silu", { set, x, _ in pk_silu(set, &x, x.count) }),
    ("sigmoid", { set, x, _ in pk_sigmoid(set, &x, x.count) }),
    ("relu", { set, x, _ in pk_relu(set, &x, x.count) }),
    ("gelu", { set, x, _ in pk_gelu(set, &x, x.count) }),
    ("gelu tanh", { set, x, _ in pk_gelu_tanh(set, &x, x.count) }),
    ("gelu quick", { set, x, _ in pk_gelu_quick(set, &x, x.count) }),
    ("multiply", { set, x, y in pk_multiply(set, &x, y, x.count) }),
    ("add", { set, x, y in pk_add(set, &x, y, x.count) }),
    ("add scaled", { set, x, y in pk_add_scaled(set, &x, 0.37, y, x.count) }),
    (
      "rotate",
      { set, x, y in
        y.withUnsafeBufferPointer { y in
          guard let cosines = y.baseAddress, x.count > 1 else { return }
          pk_rotate_halves(set, &x, cosines, cosines + x.count / 2, x.count / 2)
        }
      }
    ),
  ]

  static let lengths = Array(0...70) + [300, 1000]

  /// Bits of a number, the same for every NaN.
  static func bits(_ values: [Float]) -> [UInt32] {
    values.map { $0.isNaN ? 0x7FC0_0000 : $0.bitPattern }
  }

  @Test(arguments: kernels.indices)
  func everyInstructionSetGivesTheSameBits(_ index: Int) {
    let (name, kernel) = Self.kernels[index]
    for length in Self.lengths {
      var random = SplitMix64(seed: UInt64(length))
      let other = random.normal(length)
      for scale in [1, 30, 1e-30, 1e30] as [Float] {
        var values = random.normal(length).map { $0 * scale }
        if scale == 30, length > 20 {
          values[3] = .nan
          values[7] = .infinity
          values[11] = -.infinity
          values[19] = -0.0
        }
        var expected = values
        kernel(PK_BASELINE, &expected, other)
        for set in InstructionSet.allCases where set.isSupported {
          var found = values
          kernel(pk_instruction_set(rawValue: set.rawValue), &found, other)
          #expect(Self.bits(found) == Self.bits(expected), "\(name) \(set) \(length)")
        }
      }
    }
  }

  static func softmax(_ values: [Float]) -> [Float] {
    var result = values
    pk_softmax(PK_BASELINE, &result, result.count)
    return result
  }

  @Test(arguments: lengths.dropFirst())
  func softmaxIsADistributionInTheSameOrder(_ length: Int) {
    var random = SplitMix64(seed: UInt64(length))
    let values = random.normal(length).map { 4 * $0 }
    let shares = Self.softmax(values)
    let sum = shares.reduce(0) { $0 + Double($1) }
    // The sum runs in 16 lanes; each share is rounded, and the factor once.
    #expect(abs(sum - 1) <= Double(length / 16 + 8) * 0x1p-24)
    let total = values.reduce(0) { $0 + exp(Double($1)) }
    for (value, share) in zip(values, shares) {
      let expected = exp(Double(value)) / total
      // The difference to the largest, below 64, is rounded before it is raised.
      #expect(abs(Double(share) - expected) <= Double(length / 16 + 32) * 0x1p-24 * expected)
    }
    let order = values.indices.sorted { values[$0] < values[$1] }
    #expect(zip(order, order.dropFirst()).allSatisfy { shares[$0] <= shares[$1] })
  }

  @Test func softmaxDependsOnDifferencesAlone() {
    var random = SplitMix64(seed: 1)
    // Multiples of 1/8, so that sums are exact.
    let values = random.normal(50).map { ($0 * 16).rounded() / 8 }
    for shift in [-100, 64, 4096] as [Float] {
      #expect(Self.softmax(values.map { $0 + shift }) == Self.softmax(values))
    }
  }

  @Test func softmaxOfExtremes() {
    #expect(Self.softmax([5]) == [1])
    #expect(
      Self.softmax([Float](repeating: -3e38, count: 32)) == [Float](repeating: 1 / 32, count: 32))
    #expect(Self.softmax([-.infinity, 2, -.infinity, 2]) == [0, 0.5, 0, 0.5])
    #expect(Self.softmax([3e38, 1, -3e38]) == [1, 0, 0])
    #expect(Self.softmax([1, .nan, 2]).allSatisfy { $0.isNaN })
  }
}
