// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Verification

struct BootstrapTests {
  /// Sums of twelve uniform numbers: mean 0, deviation 1.
  private static func normal(_ count: Int, _ random: inout SplitMix64) -> [Double] {
    (0..<count).map { _ in
      (0..<12).reduce(-6) { sum, _ in sum + .random(in: 0..<1, using: &random) }
    }
  }

  @Test("the interval of what never varies is a point, and of one document there is none")
  func degenerate() {
    let constant = [Double](repeating: 3, count: 20)
    let interval = Bootstrap(documentCount: 20)
      .interval(ofMean: constant, over: [Double](repeating: 2, count: 20))
    #expect(interval == 1.5...1.5)
    #expect(Bootstrap(documentCount: 1).interval(ofMean: [1], over: [1]) == nil)
    #expect(Bootstrap(documentCount: 0).interval(ofMean: [], over: []) == nil)
  }

  @Test("every run draws the same")
  func deterministic() {
    var random = SplitMix64(seed: 1)
    let values = Self.normal(30, &random)
    let ones = [Double](repeating: 1, count: 30)
    let intervals = (0..<3).map { _ in
      Bootstrap(documentCount: 30).interval(ofMean: values, over: ones)
    }
    #expect(intervals.allSatisfy { $0 == intervals[0] })
  }

  @Test("nineteen of twenty intervals hold the true mean")
  func coverage() {
    var random = SplitMix64(seed: 2)
    let ones = [Double](repeating: 1, count: 40)
    let bootstrap = Bootstrap(documentCount: 40, drawCount: 400)
    let covered = (0..<300).count { _ in
      bootstrap.interval(ofMean: Self.normal(40, &random), over: ones)?.contains(0) ?? false
    }
    // 285 are expected; percentile intervals of 40 samples are a little narrow. Six deviations of a
    // binomial of 0.93 are 26.
    #expect((279 - 26...300).contains(covered), "\(covered)")
  }

  @Test("four times the documents halve the interval")
  func width() {
    var random = SplitMix64(seed: 3)
    func width(_ count: Int) -> Double {
      let interval = Bootstrap(documentCount: count)
        .interval(ofMean: Self.normal(count, &random), over: [Double](repeating: 1, count: count))
      return interval.map { $0.upperBound - $0.lowerBound } ?? 0
    }
    // The width itself varies by a tenth or so from sample to sample.
    #expect((1.4...2.8).contains(width(200) / width(800)))
  }
}
