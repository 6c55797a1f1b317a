// SPDX-License-Identifier: Apache-2.0

/// The greedy answers of two models to the same questions.
package struct AnswerStatistics: Sendable, Equatable {
  /// The answers to one question.
  package struct Answer: Sendable, Equatable {
    package let question: String
    /// The files of the images.
    package let images: [String]
    package let expected: String?
    package let reference: String
    package let candidate: String
    /// The number of the first token in which the two differ; nil if they are the same.
    package let firstParting: Int?

    package init(
      question: String, images: [String], expected: String?, reference: String, candidate: String,
      firstParting: Int?
    ) {
      self.question = question
      self.images = images
      self.expected = expected
      self.reference = reference
      self.candidate = candidate
      self.firstParting = firstParting
    }

    package var referenceIsRight: Bool { reference == expected }
    package var candidateIsRight: Bool { candidate == expected }
  }

  package private(set) var answers: [Answer] = []

  package init() {}

  package mutating func add(_ answer: Answer) { answers.append(answer) }

  /// Answers to questions that say what is right.
  package var judged: [Answer] { answers.filter { $0.expected != nil } }
  package var sameCount: Int { answers.count { $0.firstParting == nil } }
  package var referenceRightCount: Int { judged.count(where: \.referenceIsRight) }
  package var candidateRightCount: Int { judged.count(where: \.candidateIsRight) }
  /// Right before and wrong now, and the other way round.
  package var lostCount: Int { judged.count { $0.referenceIsRight && !$0.candidateIsRight } }
  package var gainedCount: Int { judged.count { !$0.referenceIsRight && $0.candidateIsRight } }

  /// The share of right answers of the candidate.
  package var rightShare: Estimate { share { $0.candidateIsRight ? 1 : 0 } }
  /// The candidate's share of right answers less the reference's.
  package var rightChange: Estimate {
    share { ($0.candidateIsRight ? 1 : 0) - ($0.referenceIsRight ? 1 : 0) }
  }

  private func share(_ figure: (Answer) -> Double) -> Estimate {
    let sums = judged.map(figure)
    let bootstrap = Bootstrap(documentCount: sums.count)
    return Estimate(
      sums.reduce(0, +) / max(1, Double(sums.count)),
      interval: bootstrap.interval(ofMean: sums, over: sums.map { _ in 1 }))
  }

  /// The median number of equal tokens before answers part, of those that do; nil if none does.
  package var medianParting: Int? {
    let partings = answers.compactMap(\.firstParting).sorted()
    return partings.isEmpty ? nil : partings[(partings.count - 1) / 2]
  }
}
