// SPDX-License-Identifier: Apache-2.0

package import Calibration
package import Notation

/// What calibration gathered.
package struct CalibrationReport: Sendable {
  private let statistics: CalibrationStatistics

  package init(_ statistics: CalibrationStatistics) { self.statistics = statistics }

  /// Weights with experts that too few rows reached: those are judged by what reached all.
  private var thin: [(name: String, experts: [Int])] {
    statistics.entries.compactMap { entry in
      let few = entry.matrices.indices.filter {
        entry.matrices.count > 1
          && entry.matrices[$0].count < CalibrationStatistics.fewestRows
      }
      return few.isEmpty ? nil : (entry.name, few)
    }
  }

  private var rowCounts: (least: Double, most: Double) {
    let counts = statistics.entries.flatMap { $0.matrices.map(\.count) }
    return (counts.min() ?? 0, counts.max() ?? 0)
  }

  package var text: String {
    let (least, most) = rowCounts
    let weights = statistics.entries.count
    var text = "\(weights) weights, \(statistics.windowCount) samples; "
    text += "rows that went into one: \(Int(least)) to \(Int(most))\n"
    for (name, experts) in thin {
      let list = experts.map(String.init).joined(separator: ", ")
      text += "\(name): fewer than \(Int(CalibrationStatistics.fewestRows)) rows reached expert "
      text += "\(list); what reached all experts stands for it\n"
    }
    return text
  }

  package var json: JSON {
    [
      "schemaVersion": .integer(JSON.reportVersion),
      "samples": .integer(statistics.windowCount),
      "datasets": .array(statistics.datasets.map(JSON.string)),
      "weights": .array(
        statistics.entries.map { entry in
          [
            "name": .string(entry.name),
            "columns": .integer(entry.matrices.first?.squares.count ?? 0),
            "rows": .array(entry.matrices.map { .number($0.count) }),
          ]
        }),
    ]
  }
}
