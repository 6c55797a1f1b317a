// SPDX-License-Identifier: Apache-2.0

/// Writes a checkpoint front to back; the file appears when it is complete and was read back.
///
/// A writer that goes out of scope before ``finish()`` leaves nothing behind but parts that are worth
/// keeping.
package protocol CheckpointWriter: AnyObject {
  /// Where the file will appear.
  var path: String { get }

  /// What an earlier run of the same plan noted with ``endPart(_:)``; what it appended is there.
  var notes: [String] { get }

  /// Appends bytes of the tensors, in their declared order.
  ///
  /// - Parameter bytes: Any part of a tensor, or several; the writer finds the boundaries.
  /// - Throws: ``CheckpointError`` if there are too many, or the disk takes no more.
  func append(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError)

  /// Ends a part: a later run of the same plan can go on behind it.
  ///
  /// - Parameter note: What that run will want to know of the part, in a line of text.
  /// - Throws: ``CheckpointError`` of an earlier write.
  func endPart(_ note: String) throws(CheckpointError)

  /// Flushes, reads the file back, and compares it with what was to be written.
  ///
  /// Of several files that belong together, all are checked before the first is finished.
  ///
  /// - Throws: ``CheckpointError``; the writer is then of no more use.
  func check() throws(CheckpointError)

  /// Names the file, after ``check()`` if that was not done before.
  ///
  /// - Throws: ``CheckpointError``; the old file then stands untouched.
  func finish() throws(CheckpointError)
}
