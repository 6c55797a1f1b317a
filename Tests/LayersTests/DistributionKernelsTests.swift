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

/// The kernel of `distribution.c`, on every instruction set of the machine.
struct DistributionKernelsTests {
  private static let sets = InstructionSet.allCases.filter(\.isSupported)
    .map { pk_instruction_set(rawValue: $0.rawValue) }

  private static func compare(
    _ p: [Float], _ q: [Float], on set: pk_instruction_set = PK_BASELINE
  ) -> pk_distributions {
    var result = pk_distributions()
    pk_compare_distributions(set, p, q, p.count, &result)
    return result
  }

  /// The same by the definition, with the exponential of the C library.
  private static func logSum(_ values: [Float]) -> Double {
    let most = Double(values.max() ?? 0)
    return most + log(values.reduce(0) { $0 + exp(Double($1) - most) })
  }

  @Test(
    "sums and divergence are those of the definition", arguments: [1, 2, 15, 16, 40, 500, 5000])
  func definition(_ count: Int) {
    var random = SplitMix64(seed: UInt64(count))
    // Some are so far below the largest that they do not count, as in real predictions.
    let p = random.normal(count).map { 12 * $0 }
    let q = zip(p, random.normal(count)).map { $0 + 0.1 * $1 }
    let found = Self.compare(p, q)
    let (pSum, qSum) = (Self.logSum(p), Self.logSum(q))
    // A term is within 2^-50 of its value, and a sum of n positive ones within (n + 4) 2^-53 more.
    let tolerance = 0x1p-50 + Double(count + 4) * 0x1p-53 + abs(pSum) * 0x1p-52
    #expect(abs(found.p_log_sum - pSum) <= tolerance)
    #expect(abs(found.q_log_sum - qSum) <= tolerance)
    let divergence = zip(p, q).reduce(0.0) { sum, pair in
      let (a, b) = (Double(pair.0) - pSum, Double(pair.1) - qSum)
      return sum + exp(a) * (a - b)
    }
    // Σ p |p - q| is below 1 here.
    #expect(abs(found.divergence - divergence) <= 4 * tolerance)
  }

  @Test("it is zero of a distribution and itself, and not negative beyond rounding")
  func sign() {
    var random = SplitMix64(seed: 4)
    for count in [1, 2, 40, 500] {
      let (p, q) = (random.normal(count), random.normal(count))
      #expect(abs(Self.compare(p, p).divergence) <= 0x1p-50)
      #expect(Self.compare(p, q).divergence >= -Double(count) * 0x1p-50)
    }
  }

  @Test("adding a number to all logits moves the sums alone")
  func shift() {
    let (p, q): ([Float], [Float]) = ([1, 2, 3.5, -4], [1, 2.25, 3.5, -2])
    let (here, there) = (Self.compare(p, q), Self.compare(p.map { $0 + 1024 }, q))
    #expect(abs(there.p_log_sum - (here.p_log_sum + 1024)) < 1e-12)
    #expect(there.divergence == here.divergence)
  }

  @Test("every instruction set gives the same bits", arguments: [1, 16, 33, 1000])
  func sameBits(_ count: Int) {
    var random = SplitMix64(seed: UInt64(count))
    let p = random.normal(count).map { 300 * $0 }
    let q = random.normal(count).map { 300 * $0 }
    let expected = Self.compare(p, q)
    for set in Self.sets {
      let found = Self.compare(p, q, on: set)
      #expect(found.p_log_sum == expected.p_log_sum)
      #expect(found.q_log_sum == expected.q_log_sum)
      #expect(found.divergence == expected.divergence)
    }
  }
}
