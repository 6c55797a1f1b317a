// SPDX-License-Identifier: Apache-2.0

import Notation

/// A name with formulas in braces, such as `net.0.b{index + 1}.`.
struct NameTemplate: Sendable {
  private enum Piece: Sendable {
    case text(String)
    case formula(Expression)
  }

  private let pieces: [Piece]

  init(_ reader: DeclarationReader) throws(ModelError) {
    var pieces: [Piece] = []
    var rest = Substring(try reader.string())
    while let open = rest.firstIndex(of: "{") {
      guard let close = rest[open...].firstIndex(of: "}") else {
        throw reader.error("a brace is not closed")
      }
      pieces.append(.text(String(rest[..<open])))
      do throws(Expression.Failure) {
        pieces.append(.formula(try Expression(String(rest[rest.index(after: open)..<close]))))
      } catch { throw reader.error("\(error)") }
      rest = rest[rest.index(after: close)...]
    }
    pieces.append(.text(String(rest)))
    self.pieces = pieces
  }

  /// The name for given values.
  func name(_ values: [String: Expression.Value]) throws(Expression.Failure) -> String {
    var name = ""
    for piece in pieces {
      switch piece {
      case .text(let text): name += text
      case .formula(let formula):
        switch try formula.value(values) {
        case .number(let number): name += Int(exactly: number).map(String.init) ?? "\(number)"
        case .text(let text): name += text
        case .bool(let bool): name += "\(bool)"
        }
      }
    }
    return name
  }
}
