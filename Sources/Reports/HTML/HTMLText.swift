// SPDX-License-Identifier: Apache-2.0

/// Text as HTML shows it.
enum HTMLText {
  static func element(_ name: String, class style: String? = nil, _ content: String) -> String {
    let attribute = style.map { " class=\"\($0)\"" } ?? ""
    return "<\(name)\(attribute)>\(content)</\(name)>"
  }

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
