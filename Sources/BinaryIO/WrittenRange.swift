// SPDX-License-Identifier: Apache-2.0

/// Bytes of a file as they were meant to be written.
package struct WrittenRange: Sendable {
  /// Offsets in the file.
  package let bytes: Range<Int>
  package let checksum: Checksum
}
