// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The figures of a group of predictions, with their confidence intervals by document.
package struct TokenSummary: Sendable {
  package let tokenCount: Int
  package let documentCount: Int
  /// Of KL(reference ‖ candidate) over the whole vocabulary, in nats.
  package let meanDivergence: Estimate
  package let medianDivergence: Estimate
  package let p90Divergence: Estimate
  package let p99Divergence: Estimate
  package let p999Divergence: Estimate
  package let largestDivergence: Double
  /// The share of predictions with the same most likely token.
  package let agreement: Estimate
  /// The share of the reference's five most likely tokens among the candidate's five.
  package let topFiveAgreement: Estimate
  package let referencePerplexity: Double
  package let candidatePerplexity: Double
  /// Of the candidate over the reference.
  package let perplexityRatio: Estimate
  /// Of the probability of the token that really came; and its root mean square.
  package let meanShift: Estimate
  package let rootMeanSquareShift: Double

  package init(_ statistics: TokenStatistics) {
    let predictions = statistics.predictions
    let documents = statistics.documents
    let bootstrap = Bootstrap(documentCount: documents.count)
    let counts = documents.map { Double($0.count) }
    func sums(_ figure: (Prediction) -> Double) -> [Double] {
      documents.map { predictions[$0].reduce(0) { $0 + figure($1) } }
    }
    func mean(_ figure: (Prediction) -> Double) -> Estimate {
      let sums = sums(figure)
      let value = sums.reduce(0, +) / max(1, Double(predictions.count))
      return Estimate(value, interval: bootstrap.interval(ofMean: sums, over: counts))
    }
    let quantiles = Quantiles(
      predictions.map(\.divergence), documents: documents, bootstrap: bootstrap)
    tokenCount = predictions.count
    documentCount = documents.count
    meanDivergence = mean(\.divergence)
    medianDivergence = quantiles.estimate(0.5)
    p90Divergence = quantiles.estimate(0.9)
    p99Divergence = quantiles.estimate(0.99)
    p999Divergence = quantiles.estimate(0.999)
    largestDivergence = statistics.largestDivergence
    agreement = mean { $0.agrees ? 1 : 0 }
    topFiveAgreement = mean { Double($0.sharedTopFive) / 5 }
    referencePerplexity = statistics.referencePerplexity
    candidatePerplexity = statistics.candidatePerplexity
    // The difference of losses pairs the two models, token by token.
    let loss = mean { $0.candidateLoss - $0.referenceLoss }
    perplexityRatio = Estimate(
      exp(loss.value), interval: loss.interval.map { exp($0.lowerBound)...exp($0.upperBound) })
    meanShift = mean(\.shift)
    let squares = sums { $0.shift * $0.shift }.reduce(0, +)
    rootMeanSquareShift = (squares / max(1, Double(predictions.count))).squareRoot()
  }
}

/// Quantiles of values, and their intervals.
///
/// The quantile q is the least value that at least the share q of all values does not exceed.
private struct Quantiles {
  private let values: [Double]
  /// The numbers of the values, the largest value first, and the document of each.
  private let order: [(value: Double, document: Int)]
  private let sizes: [Int]
  private let bootstrap: Bootstrap

  init(_ values: [Double], documents: [Range<Int>], bootstrap: Bootstrap) {
    self.values = values
    self.bootstrap = bootstrap
    sizes = documents.map(\.count)
    order = documents.enumerated().flatMap { document, range in
      range.map { (values[$0], document) }
    }.sorted { ($0.0, $0.1) > ($1.0, $1.1) }
  }

  func estimate(_ share: Double) -> Estimate {
    let (order, sizes) = (order, sizes)
    let figure: @Sendable ([UInt32]) -> Double = { weights in
      let total = zip(weights, sizes).reduce(0) { $0 + Int($1.0) * $1.1 }
      // So many of the largest values may lie above.
      var above = total - Int((share * Double(total)).rounded(.up))
      for (value, document) in order {
        above -= Int(weights[document])
        if above < 0 { return value }
      }
      return 0
    }
    return Estimate(
      figure([UInt32](repeating: 1, count: sizes.count)), interval: bootstrap.interval(figure))
  }
}
