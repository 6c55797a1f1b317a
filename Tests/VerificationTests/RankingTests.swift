// SPDX-License-Identifier: Apache-2.0

import LinearAlgebra
import TestSupport
import Testing
import Verification

struct RankingTests {
  private static func report(size: Int, divergence: Double) -> ComparisonReport {
    func subject(_ bytes: Int) -> ComparisonReport.Subject {
      .init(
        name: "\(bytes)", path: "", architecture: "a", byteCount: bytes, weightCount: 1,
        tokenCount: 1, seconds: 1)
    }
    var prediction = Prediction()
    prediction.divergence = divergence
    var statistics = TokenStatistics()
    statistics.add(document: [prediction])
    return ComparisonReport(
      reference: subject(100), candidate: subject(size),
      groups: [.init(name: "text", statistics: statistics, isGated: true)],
      answers: AnswerStatistics(), vision: VisionStatistics())
  }

  @Test("the closest comes first, and the front has exactly what nothing else beats")
  func laws() {
    var random = SplitMix64(seed: 7)
    for _ in 0..<50 {
      let reports = (0..<Int.random(in: 1...8, using: &random)).map { _ in
        Self.report(
          size: Int.random(in: 1...5, using: &random),
          divergence: Double(Int.random(in: 0...4, using: &random)))
      }
      let entries = Ranking(reports).entries
      #expect(entries.map(\.index).sorted() == Array(reports.indices))
      #expect(
        zip(entries, entries.dropFirst()).allSatisfy { $0.distance <= $1.distance })
      for entry in entries {
        let (size, error) = (entry.report.candidate.byteCount, entry.distance)
        let beaten = entries.contains { other in
          let (otherSize, otherError) = (other.report.candidate.byteCount, other.distance)
          return otherSize <= size && otherError <= error
            && (otherSize, otherError) != (size, error)
        }
        #expect(entry.isOnFront == !beaten)
      }
      // The front is never empty: the closest of the smallest of the closest is on it.
      #expect(entries.first?.isOnFront == true)
    }
  }

  @Test("of embeddings, the closest are those of the largest cosine")
  func embeddings() {
    func report(angle: Float) -> ComparisonReport {
      let own = Self.report(size: 5, divergence: 0)
      return ComparisonReport(
        reference: own.reference, candidate: own.candidate, groups: [],
        answers: AnswerStatistics(), vision: VisionStatistics(),
        embeddings: EmbeddingStatistics(
          texts: ["a"], reference: Matrix(rows: 1, columns: 2, values: [1, 0]),
          candidate: Matrix(rows: 1, columns: 2, values: [1, angle])))
    }
    let entries = Ranking([0.5, 0, 2, 1].map(report)).entries
    #expect(entries.map(\.index) == [1, 0, 3, 2])
    #expect(entries.map(\.isOnFront) == [true, false, false, false])
  }
}
