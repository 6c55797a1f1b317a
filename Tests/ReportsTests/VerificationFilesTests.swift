// SPDX-License-Identifier: Apache-2.0

import Reports
import Testing
import Verification

/// The reports for other programs.
struct VerificationFilesTests {
  private static let name = "a<b>&\"c\"|d\u{1}"

  private static let report: ComparisonReport = {
    func subject(_ name: String) -> ComparisonReport.Subject {
      .init(
        name: name, path: name, architecture: "a", byteCount: 10, weightCount: 5, tokenCount: 3,
        seconds: 1)
    }
    var answers = AnswerStatistics()
    answers.add(
      .init(
        question: "is 1 | 2?", image: nil, expected: "yes", reference: "yes", candidate: "*no*",
        firstParting: 0))
    return ComparisonReport(
      reference: subject("r"), candidate: subject(name), groups: [], answers: answers,
      vision: VisionStatistics())
  }()

  private static let outcomes = [
    Gate(.meanDivergence, 0.5).outcome(
      of: Estimate(0.1, interval: 0.05...0.2), group: "text", sampleCount: 10, unit: "tokens"),
    Gate(.agreement, 0.9).outcome(
      of: Estimate(0.92, interval: 0.85...0.99), group: "text", sampleCount: 10, unit: "tokens"),
    Gate(.agreement, 0.9).outcome(
      of: Estimate(0.5, interval: 0.4...0.6), group: "images", sampleCount: 10, unit: "tokens"),
  ]

  @Test("JUnit has a test case for each limit, and nothing that XML cannot hold")
  func junit() {
    let text = JUnitReport(Self.report, outcomes: Self.outcomes).text
    #expect(text.contains(#"tests="3" failures="2""#))
    #expect(text.split(separator: "<testcase").count == 4)
    #expect(text.contains(#"<failure message="text: the top-1 agreement is 0.9200, between"#))
    #expect(text.contains("10 tokens are too few to decide it, about "))
    #expect(text.contains("a&lt;b&gt;&amp;&quot;c&quot;|d\u{FFFD}"))
    #expect(!text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
  }

  @Test("Markdown says how many limits are kept, and text cannot break its tables")
  func markdown() {
    let text = MarkdownReport(VerificationReport(Self.report, outcomes: Self.outcomes)).text
    #expect(text.contains("**1 of 3 limits kept.**"))
    #expect(text.contains(#"| is 1 \| 2? | yes | yes | \*no\* |"#))
    #expect(text.contains(#"a&lt;b>&amp;"c"\|d"#))
  }

  @Test(
    "shares near 1 show what tells them from 1",
    arguments: [
      (1.0, "1"), (0.5, "0.5000"), (0.99, "0.9900"), (0.999_987, "0.9999870"),
    ])
  func near(_ value: Double, _ text: String) { #expect(Figures.near(value) == text) }
}
