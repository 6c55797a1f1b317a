// SPDX-License-Identifier: Apache-2.0

/// Several conversions of one model, the closest to it first.
package struct Ranking: Sendable {
  package struct Entry: Sendable {
    package let report: ComparisonReport
    /// Mean KL over all answers and texts, in nats.
    package let meanDivergence: Double
    /// Whether no other is at most as large and at most as far from the original, and better in one
    /// of the two.
    package let isOnFront: Bool
    /// Its place among the reports that were ranked.
    package let index: Int
  }

  package let entries: [Entry]

  /// Ranks reports on the same data.
  package init(_ reports: [ComparisonReport]) {
    let divergences = reports.map(\.all.meanDivergence)
    let sizes = reports.map(\.candidate.byteCount)
    func isOnFront(_ index: Int) -> Bool {
      !reports.indices.contains { other in
        sizes[other] <= sizes[index] && divergences[other] <= divergences[index]
          && (sizes[other] < sizes[index] || divergences[other] < divergences[index])
      }
    }
    entries = reports.indices.sorted {
      (divergences[$0], sizes[$0], $0) < (divergences[$1], sizes[$1], $1)
    }.map {
      Entry(
        report: reports[$0], meanDivergence: divergences[$0], isOnFront: isOnFront($0), index: $0)
    }
  }
}
