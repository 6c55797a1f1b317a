// SPDX-License-Identifier: Apache-2.0

/// Rows of text in aligned columns.
package struct TextTable: Sendable {
  package enum Alignment: Sendable { case left, right }

  let alignments: [Alignment]
  private var rows: [[String]]

  var isEmpty: Bool { rows.count == 1 }

  /// The headings, then the rows.
  var cells: [[String]] { rows }

  /// Begins with the headings of the columns.
  package init(_ headings: [(String, Alignment)]) {
    alignments = headings.map(\.1)
    rows = [headings.map(\.0)]
  }

  package mutating func append(_ row: [String]) { rows.append(row) }

  /// One line a row, without spaces at the end.
  package var text: String {
    let widths = alignments.indices.map { column in
      rows.reduce(0) { max($0, column < $1.count ? $1[column].count : 0) }
    }
    return rows.map { row in
      var line = ""
      for (column, cell) in row.enumerated() {
        let padding = String(repeating: " ", count: max(0, widths[column] - cell.count))
        line += alignments[column] == .left ? cell + padding : padding + cell
        line += "  "
      }
      while line.last == " " { line.removeLast() }
      return line + "\n"
    }.joined()
  }
}
