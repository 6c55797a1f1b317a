// SPDX-License-Identifier: Apache-2.0

import CDeflate

/// A running CRC-32 (polynomial 0x04C11DB7, reflected, as in gzip).
///
/// It finds bytes that changed by accident; it is no proof against intent.
package struct Checksum: Sendable, Hashable {
  /// The checksum of everything so far; 0 of nothing.
  package private(set) var value: UInt32 = 0

  package init() {}

  package init(of bytes: UnsafeRawBufferPointer) { update(bytes) }

  /// Goes on with more bytes; how they are cut into calls does not matter.
  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
    value = libdeflate_crc32(value, base, bytes.count)
  }
}
