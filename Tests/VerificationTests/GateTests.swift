// SPDX-License-Identifier: Apache-2.0

import Testing
import Verification

struct GateTests {
  private static func outcome(
    _ figure: Gate.Figure, limit: Double, _ value: Double, _ interval: ClosedRange<Double>?,
    count: Int = 1000
  ) -> Gate.Outcome {
    Gate(figure, limit).outcome(
      of: Estimate(value, interval: interval), group: "text", sampleCount: count, unit: "tokens")
  }

  @Test("a limit is kept only if the whole interval keeps it", arguments: Gate.Figure.allCases)
  func verdicts(_ figure: Gate.Figure) {
    // Mirrored for the figures that should be large.
    let sign = figure.isMinimum ? -1.0 : 1.0
    func verdict(_ limit: Double, _ value: Double, _ low: Double, _ high: Double) -> Gate.Verdict {
      let ends = [sign * low, sign * high].sorted()
      return Self.outcome(figure, limit: sign * limit, sign * value, ends[0]...ends[1]).verdict
    }
    #expect(verdict(0.5, 0.3, 0.2, 0.4) == .kept)
    #expect(verdict(0.4, 0.3, 0.2, 0.4) == .kept)
    #expect(verdict(0.35, 0.3, 0.2, 0.4) == .undecided)
    #expect(verdict(0.25, 0.3, 0.2, 0.4) == .undecided)
    #expect(verdict(0.1, 0.3, 0.2, 0.4) == .failed)
  }

  @Test("with as many samples as are said to be needed, the gate is decided")
  func needed() throws {
    let first = Self.outcome(.meanDivergence, limit: 0.012, 0.010, 0.006...0.018)
    #expect(first.verdict == .undecided)
    let count = try #require(first.neededCount)
    let narrowing = (1000 / Double(count)).squareRoot()
    let again = Self.outcome(
      .meanDivergence, limit: 0.012, 0.010,
      (0.010 - 0.004 * narrowing)...(0.010 + 0.008 * narrowing), count: count)
    #expect(again.verdict == .kept)
    // And not with much fewer: only rounding adds to the number.
    #expect(Double(count) <= 1.11 * 1000 * 16)
  }

  @Test("a baseline fails only what is surely worse")
  func baseline() {
    func verdict(_ value: Double, _ interval: ClosedRange<Double>?) -> Gate.Verdict {
      Gate(.meanDivergence, 0.1, isBaseline: true).outcome(
        of: Estimate(value, interval: interval), group: "text", sampleCount: 9, unit: "tokens"
      ).verdict
    }
    #expect(verdict(0.1, 0.05...0.2) == .kept)
    #expect(verdict(0.15, 0.05...0.2) == .kept)
    #expect(verdict(0.15, 0.12...0.2) == .failed)
    #expect(verdict(0.01, 0.005...0.02) == .kept)
    #expect(verdict(0.15, nil) == .failed && verdict(0.1, nil) == .kept)
  }

  @Test("what is beyond the limit itself needs no more samples; what has no interval is no proof")
  func undecidable() {
    #expect(Self.outcome(.agreement, limit: 0.9, 0.89, 0.8...0.95).neededCount == nil)
    #expect(Self.outcome(.meanDivergence, limit: 1, 0.5, nil).verdict == .undecided)
    #expect(Self.outcome(.meanDivergence, limit: 0.1, 0.5, nil).verdict == .failed)
  }
}
