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
        question: "is 1 | 2?", images: [], expected: "yes", reference: "yes", candidate: "*no*",
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
    let text = JUnitReport([VerificationReport(Self.report, outcomes: Self.outcomes)]).text
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

  private static let withTokens: ComparisonReport = {
    var statistics = TokenStatistics()
    for document in 0..<4 {
      statistics.add(
        document: (0..<20).map { place in
          var prediction = Prediction()
          prediction.divergence = place == 0 ? 0 : 1e-4 * Double(place * (document + 1))
          prediction.agrees = place % 5 != 0
          return prediction
        })
    }
    let group = ComparisonReport.Group(
      name: "text", statistics: statistics, isGated: true)
    return ComparisonReport(
      reference: report.reference, candidate: report.candidate, groups: [group],
      answers: report.answers, vision: VisionStatistics())
  }()

  @Test("the page needs no other file, runs nothing, and text stays text")
  func page() {
    let report = VerificationReport(Self.withTokens, outcomes: Self.outcomes)
    let text = HTMLReport(report, images: [:]).text
    for word in ["http:", "https:", "//", "<script", "@import", "url(", "src="] {
      #expect(!text.contains(word), "\(word)")
    }
    // What comes before the policy is not held to it.
    let head = text.split(separator: "<meta http-equiv=\"Content-Security-Policy\" content=\"")
    #expect(head.count == 2 && !(head.first?.contains("<style>") ?? true))
    #expect(
      head.last?.hasPrefix("default-src 'none'; style-src 'unsafe-inline'; img-src data:; ") == true
    )
    #expect(text.contains("a&lt;b&gt;&amp;&quot;c&quot;|d"))
    #expect(text.contains("1 of 3 limits kept") && text.contains("class=\"tag undecided\""))
    // As many opened as closed.
    for element in ["section", "div", "table", "tr", "svg", "ul", "dl", "html", "body"] {
      let opened = text.split(separator: "<\(element)", omittingEmptySubsequences: false).count
      let closed = text.split(separator: "</\(element)>", omittingEmptySubsequences: false).count
      #expect(opened == closed, "\(element)")
    }
  }

  @Test("every chart is drawn, of finite numbers within its frame")
  func charts() throws {
    let report = VerificationReport(Self.withTokens, outcomes: [])
    let text = HTMLReport(report, images: [:]).text
    let charts = text.split(separator: "<svg").dropFirst()
    #expect(charts.count == 2)
    #expect(charts.first?.contains("<rect") == true && charts.last?.contains("<polyline") == true)
    let bars = text.split(separator: "<rect").dropFirst()
    for bar in bars {
      func number(_ name: String) -> Double? {
        bar.split(separator: " \(name)=\"").dropFirst().first.flatMap {
          Double($0.prefix { $0 != "\"" })
        }
      }
      let (x, y) = (try #require(number("x")), try #require(number("y")))
      let (width, height) = (try #require(number("width")), try #require(number("height")))
      #expect(x >= 0 && x + width <= 440 && y >= 0 && y + height <= 200)
    }
    #expect(!text.contains("nan") && !text.contains("not a number"))
  }

  @Test(
    "shares near 1 show what tells them from 1",
    arguments: [
      (1.0, "1"), (0.5, "0.5000"), (0.99, "0.9900"), (0.999_987, "0.9999870"),
    ])
  func near(_ value: Double, _ text: String) { #expect(Figures.near(value) == text) }
}
