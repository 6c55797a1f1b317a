// SPDX-License-Identifier: Apache-2.0

import Testing
import Verification

struct AnswerStatisticsTests {
  private static func answer(
    _ expected: String?, _ reference: String, _ candidate: String, _ parting: Int? = nil
  ) -> AnswerStatistics.Answer {
    AnswerStatistics.Answer(
      question: "?", images: [], expected: expected, reference: reference, candidate: candidate,
      firstParting: parting)
  }

  @Test("flips are counted in both directions, and only where it is said what is right")
  func flips() {
    var statistics = AnswerStatistics()
    statistics.add(Self.answer("a", "a", "a"))
    statistics.add(Self.answer("a", "a", "b", 0))
    statistics.add(Self.answer("a", "a", "c", 4))
    statistics.add(Self.answer("a", "b", "a", 2))
    statistics.add(Self.answer(nil, "x", "y", 9))
    #expect(statistics.judged.count == 4 && statistics.answers.count == 5)
    #expect(statistics.lostCount == 2 && statistics.gainedCount == 1)
    #expect(statistics.referenceRightCount == 3 && statistics.candidateRightCount == 2)
    #expect(
      statistics.candidateRightCount
        == statistics.referenceRightCount - statistics.lostCount + statistics.gainedCount)
    #expect(statistics.rightShare.value == 0.5 && statistics.rightChange.value == -0.25)
    #expect(statistics.sameCount == 1 && statistics.medianParting == 2)
  }
}
