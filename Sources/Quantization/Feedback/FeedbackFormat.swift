// SPDX-License-Identifier: Apache-2.0

package import BlockFormats

/// A format in which codes can make up for each other's errors.
///
/// Its own search stores a row; then the scales stay, and other codes are looked for.
package protocol FeedbackFormat: Sendable {
  /// A row as the format's search stores it.
  associatedtype Stored
  associatedtype Tile: FeedbackTile where Tile.Stored == Stored

  /// Consecutive elements that are coded together.
  var partSize: Int { get }

  /// Stores a row by the format's own search.
  ///
  /// - Parameters:
  ///   - values: Whole blocks.
  ///   - importance: The weight of each squared error; nil: all alike.
  /// - Returns: The row.
  func search(_ values: UnsafeBufferPointer<Float>, importance: [Float]?) -> Stored

  /// Room for rows that are coded together.
  ///
  /// - Parameter feedback: How they make up for errors, with parts of ``partSize``.
  /// - Returns: Room for ``FeedbackLanes/count`` rows.
  func tile(_ feedback: Feedback) -> Tile
}

/// Rows whose codes make up for each other's errors: up to 32, one in each lane.
package protocol FeedbackTile<Stored> {
  associatedtype Stored

  /// Takes rows; lanes beyond them become zeros.
  ///
  /// - Parameters:
  ///   - values: What rows should be, one behind the other; what is no number counts as 0.
  ///   - rows: The rows with the scales that the search found.
  func load(_ values: UnsafeBufferPointer<Float>, _ rows: [Stored])

  /// Gives every part the nearest code, each by itself.
  func round()

  /// Looks for the codes, and the factors of scales, with the least error.
  func fit()

  /// Σ (w − y) H (w − y) over all rows, or what takes its place where inputs have lost something.
  ///
  /// - Parameter moments: H.
  /// - Returns: What the outputs lose; but for a number that is the same for all codes.
  func loss(_ moments: OrderedMoments) -> Double

  /// Gives a row the codes and factors that it has here.
  ///
  /// - Parameters:
  ///   - lane: Which.
  ///   - row: The row that was loaded.
  func store(_ lane: Int, into row: inout Stored)
}

/// Formats of GGUF blocks.
package protocol BlockFeedback: FeedbackFormat where Stored == [UInt8] {
  var format: any BlockFormat { get }
}

extension BlockFeedback {
  package func search(_ values: UnsafeBufferPointer<Float>, importance: [Float]?) -> [UInt8] {
    format.encode(values, weighted: importance)
  }
}

extension BlockCodes: BlockFeedback {
  package var partSize: Int { 1 }

  package func tile(_ feedback: Feedback) -> CodeTile<[UInt8]> {
    CodeTile(grid, feedback, read: { $0.withUnsafeBytes(read) }) { coded, blocks in
      blocks.withUnsafeMutableBytes { store(coded, into: $0) }
    }
  }
}

extension PointCodes: BlockFeedback {
  package var partSize: Int { PointCodes.partElements }

  package func tile(_ feedback: Feedback) -> PointTile { PointTile(self, feedback) }
}

extension GroupCodes: FeedbackFormat {
  package var partSize: Int { 1 }

  package func search(
    _ values: UnsafeBufferPointer<Float>, importance: [Float]?
  ) -> GroupEncoder.Row {
    var row = GroupEncoder.Row(columns: values.count, groups: values.count / groups.groupSize)
    groups.encode(values, weighted: importance, into: &row)
    return row
  }

  package func tile(_ feedback: Feedback) -> CodeTile<GroupEncoder.Row> {
    CodeTile(grid, feedback, read: read) { coded, row in store(coded, into: &row) }
  }
}

/// What a GGUF format needs for feedback; nil if its codes are neither on a grid nor in a code book.
package func feedback(for format: any BlockFormat) -> (any BlockFeedback)? {
  BlockCodes(format) ?? PointCodes(format)
}
