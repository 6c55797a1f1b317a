// SPDX-License-Identifier: Apache-2.0

/// Builds little-endian files byte by byte, also broken ones that no writer would make.
package struct ByteBuilder: Sendable {
  package var bytes: [UInt8] = []

  package init() {}

  package mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

  package mutating func append(_ other: [UInt8]) { bytes.append(contentsOf: other) }

  package mutating func append<Integer: FixedWidthInteger>(_ value: Integer, as: Integer.Type) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  /// A string with its length before it in eight bytes.
  package mutating func appendCounted(_ text: String) {
    append(UInt64(text.utf8.count), as: UInt64.self)
    append(text)
  }

  /// Zeros up to a multiple of the alignment.
  package mutating func pad(to alignment: Int) {
    while bytes.count % alignment != 0 { bytes.append(0) }
  }
}
