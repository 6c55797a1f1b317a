// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Verification

struct TokenSummaryTests {
  private static func statistics(documents: Int, seed: UInt64) -> TokenStatistics {
    var random = SplitMix64(seed: seed)
    var statistics = TokenStatistics()
    for _ in 0..<documents {
      statistics.add(
        document: (0..<Int.random(in: 1...40, using: &random)).map { _ in
          var prediction = Prediction()
          let number = Double.random(in: 0...1, using: &random)
          prediction.divergence = number * number * number
          prediction.agrees = number < 0.8
          prediction.sharedTopFive = Int(5 - 4 * number)
          prediction.referenceLoss = 2 + number
          prediction.candidateLoss = 2.1 + number * number
          return prediction
        })
    }
    return statistics
  }

  @Test("quantiles are those of the sorted values", arguments: [1, 2, 7, 60])
  func quantiles(_ documents: Int) {
    let statistics = Self.statistics(documents: documents, seed: UInt64(documents))
    let summary = TokenSummary(statistics)
    let sorted = statistics.predictions.map(\.divergence).sorted()
    func quantile(_ share: Double) -> Double {
      sorted[max(0, Int((share * Double(sorted.count)).rounded(.up)) - 1)]
    }
    #expect(summary.medianDivergence.value == quantile(0.5))
    #expect(summary.p90Divergence.value == quantile(0.9))
    #expect(summary.p99Divergence.value == quantile(0.99))
    #expect(summary.p999Divergence.value == quantile(0.999))
    #expect(summary.largestDivergence == sorted.last)
  }

  @Test("each interval holds its figure, and only with one document there is none")
  func intervals() throws {
    let summary = TokenSummary(Self.statistics(documents: 50, seed: 9))
    for estimate in [
      summary.meanDivergence, summary.medianDivergence, summary.p90Divergence,
      summary.agreement, summary.topFiveAgreement, summary.perplexityRatio, summary.meanShift,
    ] {
      #expect(try #require(estimate.interval).contains(estimate.value))
    }
    #expect(TokenSummary(Self.statistics(documents: 1, seed: 9)).meanDivergence.interval == nil)
  }

  @Test("the ratio of perplexities is that of the two perplexities")
  func ratio() {
    let summary = TokenSummary(Self.statistics(documents: 20, seed: 4))
    // Both are exp of sums of f64 terms in another order.
    let expected = summary.candidatePerplexity / summary.referencePerplexity
    #expect(abs(summary.perplexityRatio.value / expected - 1) < 1e-12)
  }
}
