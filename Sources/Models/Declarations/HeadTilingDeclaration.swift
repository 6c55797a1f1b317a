// SPDX-License-Identifier: Apache-2.0

import Notation

/// The order of a tensor's heads in a GGUF, as formulas.
struct HeadTilingDeclaration: Sendable {
  private let groups: Expression
  private let width: Expression
  private let first: Expression?
  let isOfColumns: Bool

  init(_ reader: DeclarationReader) throws(ModelError) {
    try reader.allow(["groups", "width", "first", "columns"])
    groups = try reader.member("groups").expression()
    width = try reader.member("width").expression()
    first = try reader["first"]?.expression()
    isOfColumns = try reader["columns"]?.bool() ?? false
  }

  /// Groups, rows or columns of a head, and the first of these.
  func sizes(
    in values: [String: Expression.Value]
  ) throws(Expression.Failure) -> (groups: Int, width: Int, first: Int) {
    (try groups.integer(values), try width.integer(values), try first?.integer(values) ?? 0)
  }
}
