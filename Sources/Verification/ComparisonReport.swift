// SPDX-License-Identifier: Apache-2.0

/// What a conversion cost, measured on data.
package struct ComparisonReport: Sendable {
  /// One of the two models.
  package struct Subject: Sendable {
    package let name: String
    package let path: String
    package let architecture: String
    /// Bytes of all weights.
    package let byteCount: Int
    package let weightCount: Int
    /// Tokens that went through the language model, and the time of all forward passes.
    package let tokenCount: Int
    package let seconds: Double
    /// Questions answered as expected.
    package let rightAnswers: Int

    package var bitsPerWeight: Double {
      weightCount > 0 ? Double(byteCount) * 8 / Double(weightCount) : 0
    }
  }

  package let reference: Subject
  package let candidate: Subject
  /// Answers about images; only the answers' tokens count.
  package let images: TokenStatistics
  /// Text alone.
  package let text: TokenStatistics
  /// Questions with an expected answer.
  package let questionCount: Int
  /// Questions on which both gave the same answer.
  package let sameAnswers: Int

  /// Everything together.
  package var all: TokenStatistics {
    var all = images
    all.add(text)
    return all
  }

  /// The groups that have data, by name.
  package var groups: [(name: String, statistics: TokenStatistics)] {
    [("images", images), ("text", text)].filter { $0.1.count > 0 }
  }
}

/// A limit that a conversion must keep.
package enum Gate: Sendable, Equatable {
  /// The mean divergence, in nats.
  case largestDivergence(Double)
  /// The share of predictions whose most likely token is the same.
  case smallestAgreement(Double)

  /// What went wrong, for each group of the data that does not keep the limit.
  package func failures(in report: ComparisonReport) -> [String] {
    report.groups.compactMap { name, statistics in
      switch self {
      case .largestDivergence(let limit):
        guard !(statistics.meanDivergence <= limit) else { return nil }
        return "\(name): the mean KL divergence is \(statistics.meanDivergence), "
          + "more than \(limit)"
      case .smallestAgreement(let limit):
        guard !(statistics.agreement >= limit) else { return nil }
        return "\(name): the top-1 agreement is \(statistics.agreement), less than \(limit)"
      }
    }
  }
}
