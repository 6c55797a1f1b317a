// SPDX-License-Identifier: Apache-2.0

/// A limit that a conversion must keep.
///
/// What is held against it is not the figure that was measured, but the end of its confidence
/// interval on the limit's side: a lucky sample does not pass.
package struct Gate: Sendable, Equatable {
  package enum Figure: String, Sendable, CaseIterable {
    case meanDivergence = "mean KL"
    case p99Divergence = "99th percentile of KL"
    case agreement = "top-1 agreement"
    case perplexityRatio = "perplexity ratio"
    case rightAnswers = "share of right answers"
    case visionCosine = "cosine of image embeddings"
    case embeddingCosine = "cosine of embeddings"

    /// Whether the limit is the least that is allowed; else it is the most.
    package var isMinimum: Bool {
      switch self {
      case .meanDivergence, .p99Divergence, .perplexityRatio: false
      case .agreement, .rightAnswers, .visionCosine, .embeddingCosine: true
      }
    }

    /// Whether it is one of models that give embeddings of texts; else of those that predict tokens.
    package var isOfEmbeddings: Bool { self == .embeddingCosine }
  }

  package enum Verdict: String, Sendable {
    case kept
    /// The whole interval is beyond the limit.
    case failed
    /// The limit lies within the interval, or there is none.
    case undecided
  }

  /// What came of a gate in one group of the data.
  package struct Outcome: Sendable {
    package let gate: Gate
    package let group: String
    package let estimate: Estimate
    /// What the estimate rests on.
    package let sampleCount: Int
    package let unit: String
    package let verdict: Verdict
    /// How many samples would decide it, if the figure stays; nil where it is decided, or none can.
    package let neededCount: Int?

    package var isKept: Bool { verdict == .kept }
  }

  package let figure: Figure
  package let limit: Double
  /// The only group that it holds for; nil: each.
  package let group: String?
  /// Whether the limit is what an earlier run measured: then not the limit has to be proven, but
  /// that the figure got worse.
  package let isBaseline: Bool

  package init(
    _ figure: Figure, _ limit: Double, group: String? = nil, isBaseline: Bool = false
  ) {
    self.figure = figure
    self.limit = limit
    self.group = group
    self.isBaseline = isBaseline
  }

  /// Holds an estimate against the limit.
  package func outcome(
    of estimate: Estimate, group: String, sampleCount: Int, unit: String
  ) -> Outcome {
    let sign = figure.isMinimum ? -1.0 : 1.0
    // From here on, larger is worse.
    let (value, bound) = (sign * estimate.value, sign * limit)
    let ends = estimate.interval.map { [sign * $0.lowerBound, sign * $0.upperBound].sorted() }
    var verdict = Verdict.undecided
    var needed: Int?
    if isBaseline {
      verdict = value > bound && (ends.map { $0[0] > bound } ?? true) ? .failed : .kept
    } else if let ends {
      if ends[1] <= bound { verdict = .kept }
      if ends[0] > bound { verdict = .failed }
      if verdict == .undecided, value < bound {
        // The width of an interval falls with the square root of the sample.
        let factor = (ends[1] - value) / (bound - value)
        needed = Gate.rounded(Double(sampleCount) * factor * factor)
      }
    } else if value > bound {
      verdict = .failed
    }
    return Outcome(
      gate: self, group: group, estimate: estimate, sampleCount: sampleCount, unit: unit,
      verdict: verdict, neededCount: needed)
  }

  /// Up to two significant digits; nil beyond what a count can be.
  private static func rounded(_ count: Double) -> Int? {
    guard count.isFinite, count < 1e15 else { return nil }
    var (rest, unit) = (Int(count.rounded(.up)), 1)
    while rest >= 100 {
      rest = (rest + 9) / 10
      unit *= 10
    }
    return rest * unit
  }

  /// The outcomes in the groups of a report that have the figure.
  package func outcomes(in report: ComparisonReport) -> [Outcome] {
    switch figure {
    case .meanDivergence: tokens(report, \.meanDivergence)
    case .p99Divergence: tokens(report, \.p99Divergence)
    case .agreement: tokens(report, \.agreement)
    case .perplexityRatio: tokens(report, \.perplexityRatio)
    case .rightAnswers:
      [
        outcome(
          of: report.answers.rightShare, group: "questions",
          sampleCount: report.answers.judged.count, unit: "questions")
      ]
    case .visionCosine:
      [
        outcome(
          of: report.vision.mean(\.connector.cosine), group: "images",
          sampleCount: report.vision.images.count, unit: "images")
      ]
    case .embeddingCosine:
      report.embeddings.map {
        [
          outcome(
            of: $0.cosine, group: "texts", sampleCount: $0.texts.count, unit: "texts")
        ]
      } ?? []
    }
  }

  private func tokens(
    _ report: ComparisonReport, _ figure: KeyPath<TokenSummary, Estimate>
  ) -> [Outcome] {
    let wanted = report.groups.filter { found in group.map { $0 == found.name } ?? found.isGated }
    return wanted.map { group in
      outcome(
        of: group.summary[keyPath: figure], group: group.name,
        sampleCount: group.summary.tokenCount, unit: "tokens")
    }
  }
}
