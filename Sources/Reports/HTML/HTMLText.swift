// SPDX-License-Identifier: Apache-2.0

/// Text as HTML shows it.
enum HTMLText {
  static func element(_ name: String, class style: String? = nil, _ content: String) -> String {
    let attribute = style.map { " class=\"\($0)\"" } ?? ""
    return "<\(name)\(attribute)>\(content)</\(name)>"
  }

  /// A page that needs nothing else: no script, no font, no other file.
  static func page(title: String, _ parts: [String]) -> String {
    """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="\(HTMLStyle.policy)">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>\(Markup.escaped(title))</title>
    <link rel="icon" href="data:,">
    <style>
    \(HTMLStyle.sheet)
    </style>
    </head>
    <body>
    \(parts.filter { !$0.isEmpty }.joined(separator: "\n"))
    </body>
    </html>

    """
  }

  static func footer(_ legend: String) -> String { element("footer", Markup.escaped(legend)) }

  /// The table's cells; the first row is the head.
  static func table(_ table: TextTable) -> String {
    let rows = table.cells.enumerated().map { index, row in
      let cells = zip(row, table.alignments).map { cell, alignment in
        element(
          index == 0 ? "th" : "td", class: alignment == .right ? "n" : nil, Markup.escaped(cell))
      }
      return element("tr", cells.joined())
    }
    return element("div", class: "scroll", element("table", rows.joined(separator: "\n")))
  }
}
