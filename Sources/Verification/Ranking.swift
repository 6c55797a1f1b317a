// SPDX-License-Identifier: Apache-2.0

/// Several conversions of one model, the closest to it first.
package struct Ranking: Sendable {
  package struct Entry: Sendable {
    package let report: ComparisonReport
    /// As ``ComparisonReport/distance``.
    package let distance: Double
    /// Whether no other is at most as large and at most as far from the original, and better in one
    /// of the two.
    package let isOnFront: Bool
    /// Its place among the reports that were ranked.
    package let index: Int
  }

  package let entries: [Entry]

  /// Ranks reports on the same data.
  package init(_ reports: [ComparisonReport]) {
    let distances = reports.map(\.distance)
    let sizes = reports.map(\.candidate.byteCount)
    func isOnFront(_ index: Int) -> Bool {
      !reports.indices.contains { other in
        sizes[other] <= sizes[index] && distances[other] <= distances[index]
          && (sizes[other] < sizes[index] || distances[other] < distances[index])
      }
    }
    entries = reports.indices.sorted {
      (distances[$0], sizes[$0], $0) < (distances[$1], sizes[$1], $1)
    }.map {
      Entry(
        report: reports[$0], distance: distances[$0], isOnFront: isOnFront($0), index: $0)
    }
  }
}
