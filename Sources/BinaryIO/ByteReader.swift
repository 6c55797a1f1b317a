// SPDX-License-Identifier: Apache-2.0

/// A read past the end of the bytes.
package struct TruncatedError: Error, CustomStringConvertible, Sendable, Equatable {
  /// Where the read began, in bytes from the start.
  package let position: Int
  /// How many bytes it asked for; a count from a file may exceed every address.
  package let wanted: UInt64
  /// How many bytes were left.
  package let available: Int

  package init(position: Int, wanted: UInt64, available: Int) {
    self.position = position
    self.wanted = wanted
    self.available = available
  }

  package var description: String {
    "byte \(position): expected \(wanted) more bytes, found \(available)"
  }
}

/// A cursor over bytes that knows where it stands and never reads past the end.
///
/// It does not own the bytes: whoever hands it out keeps them alive.
package struct ByteReader {
  /// All the bytes, also those already read.
  package let bytes: UnsafeRawBufferPointer
  /// The offset of the next byte.
  package private(set) var position = 0

  package init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  package var remaining: Int { bytes.count - position }

  /// Reads a little-endian integer, at any alignment.
  ///
  /// - Throws: ``TruncatedError`` if fewer bytes are left; the position then stays.
  package mutating func read<Integer: FixedWidthInteger & BitwiseCopyable>(
    _ type: Integer.Type = Integer.self
  ) throws(TruncatedError) -> Integer {
    let taken = try take(UInt64(MemoryLayout<Integer>.size))
    return Integer(littleEndian: taken.loadUnaligned(as: Integer.self))
  }

  /// Takes the next bytes without copying them.
  ///
  /// - Parameter count: Any number, also one that came from a file unchecked.
  /// - Returns: Exactly so many bytes, valid as long as their owner.
  /// - Throws: ``TruncatedError`` if fewer bytes are left; the position then stays.
  package mutating func take(_ count: UInt64) throws(TruncatedError) -> UnsafeRawBufferPointer {
    guard let size = Int(exactly: count), size <= remaining else {
      throw TruncatedError(position: position, wanted: count, available: remaining)
    }
    defer { position += size }
    return UnsafeRawBufferPointer(rebasing: bytes[position..<position + size])
  }
}
