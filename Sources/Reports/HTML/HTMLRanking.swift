// SPDX-License-Identifier: Apache-2.0

import Verification

/// Several conversions of one model on one page, each with a link to its own.
package struct HTMLRanking: Sendable {
  private let report: RankingReport
  private let folders: [String]

  /// - Parameters:
  ///   - report: What was found.
  ///   - folders: Where the page of each conversion lies, in the order in which they were named.
  package init(_ report: RankingReport, folders: [String]) {
    self.report = report
    self.folders = folders
  }

  package var text: String {
    let name = report.reference?.name ?? ""
    let entries = report.ranking.entries
    let head =
      HTMLText.element("h1", Markup.escaped(name))
      + HTMLText.element(
        "p",
        "\(entries.count) conversions, the closest first; the original has "
          + Figures.bytes(report.reference?.byteCount ?? 0))
    let chart = HTMLText.element(
      "section",
      HTMLText.element("h2", "Size against \(report.measure)")
        + HTMLText.element(
          "p", "On the line no other is at most as large and at most as far from the original.")
        + DivergenceCharts.front(report.ranking, measure: report.measure).svg)
    let table = HTMLText.element(
      "section", HTMLText.element("h2", "Side by side") + HTMLText.table(report.table))
    let links = entries.map { entry in
      let failures = VerificationReport(entry.report, outcomes: report.outcomes[entry.index])
        .failures.count
      let style = failures == 0 ? "kept" : "failed"
      let word = failures == 0 ? "passes" : "\(failures) \(failures == 1 ? "failure" : "failures")"
      return HTMLText.element(
        "li",
        HTMLText.element("span", class: "tag \(style)", word)
          + "<a href=\"\(HTMLRanking.address(folders[entry.index]))/report.html\">"
          + "\(Markup.escaped(entry.report.candidate.name))</a>")
    }
    let list = HTMLText.element(
      "section",
      HTMLText.element("h2", "Each one in full")
        + HTMLText.element("ul", class: "gates", links.joined(separator: "\n")))
    return HTMLText.page(
      title: "\(name): conversions side by side",
      [head, chart, table, list, HTMLText.footer(report.legend)])
  }

  /// A folder's name within an address.
  private static func address(_ name: String) -> String {
    name.utf8.map { byte in
      let isPlain =
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
        || [45, 46, 95].contains(byte)
      return isPlain
        ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
  }
}
