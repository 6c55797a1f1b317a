// SPDX-License-Identifier: Apache-2.0

import CLinearAlgebra
import LinearAlgebra
import Parallelism
import Tensors
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

struct BLASTests {
  /// The library, and the loops that stand in for it.
  enum Implementation: CaseIterable {
    case library, portable
  }

  /// A product with room between the rows.
  struct Case: CustomStringConvertible {
    let m: Int
    let n: Int
    let k: Int
    var gap = 0
    var alpha: Float = 1
    var beta: Float = 0
    var description: String { "\(m)x\(n)x\(k) gap \(gap) \(alpha) \(beta)" }
  }

  static let cases: [Case] =
    [
      (1, 1, 1), (1, 7, 5), (3, 1, 16), (5, 4, 0), (2, 3, 17), (16, 16, 16), (33, 9, 70),
      (4, 65, 300),
    ]
    .flatMap { m, n, k in
      [
        Case(m: m, n: n, k: k), Case(m: m, n: n, k: k, gap: 3),
        Case(m: m, n: n, k: k, gap: 1, alpha: 0.3, beta: -2),
      ]
    } + [Case(m: 0, n: 3, k: 3), Case(m: 3, n: 0, k: 3)]

  /// What lies between the rows must stay.
  static let sentinel: Float = -77

  @Test(arguments: cases, Implementation.allCases)
  func productsAreNearTheExactOnes(_ c: Case, _ implementation: Implementation) {
    var random = SplitMix64(seed: UInt64(c.m * 10_000 + c.n * 100 + c.k))
    let stride = (a: max(1, c.k) + c.gap, b: max(1, c.k) + c.gap, y: max(1, c.n) + c.gap)
    let a = random.normal(c.m * stride.a)
    let b = random.normal(c.n * stride.b)
    let start = random.normal(c.m * stride.y)
    var result = start
    for i in 0..<c.m {
      for j in c.n..<stride.y { result[i * stride.y + j] = Self.sentinel }
      // What is ignored may be anything.
      if c.beta == 0 { for j in 0..<c.n { result[i * stride.y + j] = .nan } }
    }
    switch implementation {
    case .library:
      BLAS.multiplyTransposed(
        m: c.m, n: c.n, k: c.k, alpha: c.alpha, a: a, aStride: stride.a, b: b, bStride: stride.b,
        beta: c.beta, result: &result, resultStride: stride.y)
    case .portable:
      pla_multiply_portable(
        true, Int32(c.m), Int32(c.n), Int32(c.k), c.alpha, a, Int32(stride.a), b, Int32(stride.b),
        c.beta, &result, Int32(stride.y))
    }
    for i in 0..<c.m {
      for j in 0..<c.n {
        var sum = 0.0
        var magnitude = 0.0
        for p in 0..<c.k {
          let product = Double(a[i * stride.a + p]) * Double(b[j * stride.b + p])
          sum += product
          magnitude += abs(product)
        }
        let before = c.beta == 0 ? 0 : Double(c.beta) * Double(start[i * stride.y + j])
        let expected = Double(c.alpha) * sum + before
        let bound = Self.bound(c.k, abs(Double(c.alpha)) * magnitude + abs(before))
        #expect(abs(Double(result[i * stride.y + j]) - expected) <= bound, "\(i) \(j)")
      }
      #expect(
        result[(i * stride.y + c.n)..<((i + 1) * stride.y)].allSatisfy { $0 == Self.sentinel })
    }
  }

  @Test(arguments: cases, Implementation.allCases)
  func untransposedIsTransposedOfTheTransposed(_ c: Case, _ implementation: Implementation) {
    guard c.k > 0 else { return }
    var random = SplitMix64(seed: UInt64(c.m * 10_000 + c.n * 100 + c.k))
    let stride = (a: c.k + c.gap, b: max(1, c.n) + c.gap, y: max(1, c.n) + c.gap)
    let a = random.normal(c.m * stride.a)
    let b = random.normal(c.k * stride.b)
    var result = [Float](repeating: Self.sentinel, count: c.m * stride.y)
    switch implementation {
    case .library:
      BLAS.multiply(
        m: c.m, n: c.n, k: c.k, a: a, aStride: stride.a, b: b, bStride: stride.b, result: &result,
        resultStride: stride.y)
    case .portable:
      pla_multiply_portable(
        false, Int32(c.m), Int32(c.n), Int32(c.k), 1, a, Int32(stride.a), b, Int32(stride.b), 0,
        &result, Int32(stride.y))
    }
    for i in 0..<c.m {
      for j in 0..<c.n {
        let products = (0..<c.k).map {
          Double(a[i * stride.a + $0]) * Double(b[$0 * stride.b + j])
        }
        let bound = Self.bound(c.k, products.reduce(0) { $0 + abs($1) })
        let expected = products.reduce(0, +)
        #expect(abs(Double(result[i * stride.y + j]) - expected) <= bound, "\(i) \(j)")
      }
      #expect(
        result[(i * stride.y + c.n)..<((i + 1) * stride.y)].allSatisfy { $0 == Self.sentinel })
    }
  }

  /// Any order of `k` products and sums in f32, then a factor and a sum: each rounds by at most
  /// 2^-24 of what it makes (Higham, Accuracy and Stability, section 3.1).
  static func bound(_ k: Int, _ magnitude: Double) -> Double {
    let roundings = Double(k + 3) * 0x1p-24
    return roundings / (1 - roundings) * magnitude
  }

  @Test func productsOnSeveralThreadsAreTheSameBits() {
    var random = SplitMix64(seed: 5)
    let (m, n, k) = (37, 50, 129)
    let a = random.normal(m * k)
    let b = random.normal(n * k)
    var results = [Float](repeating: 0, count: 16 * m * n)
    results.withUnsafeMutableBufferPointer { results in
      let results = DisjointWrites(results)
      Parallel.forEach(16) { index in
        BLAS.multiplyTransposed(
          m: m, n: n, k: k, a: a, aStride: k, b: b, bStride: k,
          result: results.base + index * m * n, resultStride: n)
      }
    }
    for index in 1..<16 {
      #expect(results[index * m * n..<(index + 1) * m * n] == results[0..<m * n])
    }
  }

  @Test func theCoreIsChosenFromTheProcessorsFeatures() {
    let name = BLAS.coreName.lowercased()
    #expect(!name.isEmpty)
    #if os(Linux) && arch(x86_64)
      // A library other than OpenBLAS has no core types.
      guard name != "portable", !name.hasPrefix("lib") else { return }
      let chosen = getenv("OPENBLAS_CORETYPE").map { String(cString: $0).lowercased() }
      if InstructionSet.avx2.isSupported { #expect(chosen == name) }
    #endif
  }
}
