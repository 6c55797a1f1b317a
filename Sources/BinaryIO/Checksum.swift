// SPDX-License-Identifier: Apache-2.0

import CDeflate
import CZlib

/// A CRC-32 (polynomial 0x04C11DB7, reflected, as in gzip).
///
/// It finds bytes that changed by accident; it is no proof against intent.
package struct Checksum: Sendable, Hashable {
  /// The checksum of everything so far; 0 of nothing.
  package private(set) var value: UInt32 = 0

  package init() {}

  /// A checksum that was noted down.
  init(value: UInt32) { self.value = value }

  package init(of bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
    value = libdeflate_crc32(0, base, bytes.count)
  }

  /// The value in 8 digits.
  package var hexadecimal: String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }

  /// Goes on with bytes whose checksum was taken apart.
  package mutating func append(_ other: Checksum, byteCount: Int) {
    value = UInt32(truncatingIfNeeded: crc32_combine(UInt(value), UInt(other.value), byteCount))
  }
}
