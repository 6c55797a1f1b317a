// SPDX-License-Identifier: Apache-2.0

import Fixtures
import Foundation
import TestSupport
import Testing

/// The HTML report in a real browser.
@Suite(
  .enabled(
    if: Browser.path != nil, "Chromium is not installed; scripts/dependencies --browser does it"))
struct ReportPageTests {
  /// A report of two conversions with everything in it: limits, plots, images and answers that
  /// changed.
  private static let report = Result {
    let folder = try TemporaryFolder()
    let model = Fixtures.path("llava-tiny")
    for type in types {
      let made = try Command(["quantize", model, "--type", type, "-o", folder.path, "--quiet"])
      #expect(made.status == 0, "\(made.error)")
    }
    let data = Fixtures.path("llava-tiny/evaluation")
    let questions = try String(contentsOfFile: data + "/data.jsonl", encoding: .utf8)
      .split(separator: "\n").prefix(8).joined(separator: "\n")
      .replacingOccurrences(of: "\"images/", with: "\"\(data)/images/")
    let verified = try Command(
      ["verify", model] + types.map { folder.file("llava-tiny-\($0).gguf") } + [
        "--quiet", "--data", try folder.write(Array(questions.utf8), to: "few.jsonl"), "--data",
        Fixtures.path("tokenizers/README.md"), "--max-kl", "10", "--min-agreement", "1",
        "--min-answers", "0.1", "--report", folder.file("report"),
      ])
    #expect(verified.status <= 1, "\(verified.error)")
    return folder
  }

  private static let types = ["IQ2_M", "Q4_0"]

  private static func page() throws -> String {
    let path = try report.get().file("report/llava-tiny-IQ2_M/report.html")
    let bytes = try TemporaryFolder.read(path)
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test("on a phone and on a desk, in light and dark, the page is whole and quiet")
  func views() throws {
    let folder = try Self.report.get().file("report")
    let browser = try Browser()
    let pages = listing(folder).filter { $0.hasSuffix(".html") }
    #expect(pages.count == 3)
    for page in pages {
      for view in PageView.all {
        let seen = try view.impression(of: "\(folder)/\(page)", in: browser)
        #expect(seen.faults.isEmpty, "\(page): \(view.testDescription): \(seen.faults)")
        // One conversion against others, or what is to be seen of one.
        #expect(seen.plots.count >= (page == "report.html" ? 1 : 6), "\(page): \(seen.plots)")
        #expect(Set(seen.plots).count == seen.plots.count)
      }
    }
    #expect(try Self.page().contains("<img src=\"data:image/png;base64,"))
  }

  /// A way to spoil the page, and the beginning of what must be said of it.
  struct Spoiled: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var view = PageView.all[0]
    let fault: String
    let old: String
    let new: String
  }

  private static let policy = "<meta http-equiv=\"Content-Security-Policy\""
  /// Makes the policy a name that nobody knows.
  private static let noPolicy = "<meta name=\"policy\""

  static let spoiled: [Spoiled] = [
    Spoiled(
      testDescription: "a script, which the page forbids",
      fault: "console: Executing inline script",
      old: "</body>", new: "<script>1</script></body>"),
    Spoiled(
      testDescription: "a script that fails", fault: "script: Error: broken",
      old: policy, new: "<script>throw new Error(\"broken\")</script>" + noPolicy),
    Spoiled(
      testDescription: "a script that says something", fault: "console: [{",
      old: policy, new: "<script>console.log(\"here\")</script>" + noPolicy),
    Spoiled(
      testDescription: "an image from elsewhere, which the page forbids",
      fault: "console: Loading the image 'https://example.org/a.png' violates",
      old: "</body>", new: "<img src=\"https://example.org/a.png\" alt=\"\"></body>"),
    Spoiled(
      testDescription: "an image from elsewhere", fault: "request: https://example.org/a.png",
      old: policy, new: "<img src=\"https://example.org/a.png\" alt=\"\">" + noPolicy),
    Spoiled(
      testDescription: "another file", fault: "request: file://",
      old: policy, new: "<link rel=\"stylesheet\" href=\"other.css\">" + noPolicy),
    Spoiled(
      testDescription: "bars that nobody sees",
      fault: "'Share of predictions by their KL divergence' does not show its series 0",
      old: "rect { fill-opacity: 0.7; }", new: "rect { fill-opacity: 0; }"),
    Spoiled(
      testDescription: "lines without width", view: PageView.all[3],
      fault: "'Mean KL divergence by position' does not show its series 1",
      old: "stroke-width: 2;", new: "stroke-width: 0;"),
    Spoiled(
      testDescription: "a plot without anything in it",
      fault: "'Mean KL divergence by position' has nothing in it",
      old: "aria-label=\"Mean KL divergence by position\">",
      new: "aria-label=\"Mean KL divergence by position\"></svg><svg class=\"axis\">"),
    Spoiled(
      testDescription: "plots without height",
      fault: "'Mean KL divergence by position' has no place",
      old: "height: auto; }", new: "height: 0; }"),
    Spoiled(
      testDescription: "a line that does not break", fault: "the page is ",
      old: "</body>", new: "<p>\(String(repeating: "wide", count: 30))</p></body>"),
    Spoiled(
      testDescription: "no word on the width of screens", fault: "the page is 980 wide",
      old: "<meta name=\"viewport\"", new: "<meta name=\"port\""),
    Spoiled(
      testDescription: "no colours for the dark", view: PageView.all[3],
      fault: "the page is light in the dark",
      old: "@media (prefers-color-scheme: dark)", new: "@media print"),
  ]

  @Test("a page that is not whole, or not quiet, is found out")
  func faults() throws {
    let page = try Self.page()
    let browser = try Browser()
    for spoiled in Self.spoiled {
      let parts = page.split(
        separator: spoiled.old, maxSplits: 1, omittingEmptySubsequences: false)
      try #require(parts.count == 2, "the page has no '\(spoiled.old)'")
      let folder = try TemporaryFolder()
      let path = try folder.write(
        Array((parts[0] + spoiled.new + parts[1]).utf8), to: "page.html")
      let seen = try spoiled.view.impression(of: path, in: browser)
      #expect(
        seen.faults.contains { $0.hasPrefix(spoiled.fault) },
        "\(spoiled.testDescription): \(seen.faults)")
    }
  }
}
