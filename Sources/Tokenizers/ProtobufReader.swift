// SPDX-License-Identifier: Apache-2.0

/// Reads the fields of one message in Protocol Buffers' wire format, bounded by its bytes.
///
/// Source: protobuf.dev/programming-guides/encoding.
struct ProtobufReader {
  enum Value {
    case integer(UInt64)
    case fixed32(UInt32)
    case fixed64(UInt64)
    case bytes(Range<Int>)
  }

  let bytes: UnsafeRawBufferPointer
  private(set) var position: Int
  private let end: Int

  init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>? = nil) {
    self.bytes = bytes
    position = range?.lowerBound ?? 0
    end = range?.upperBound ?? bytes.count
  }

  /// The next field's number and value, or nil at the end of the message.
  ///
  /// - Throws: ``WireError`` for anything cut off, groups, and numbers of more than 64 bits.
  mutating func next() throws(WireError) -> (field: Int, value: Value)? {
    guard position < end else { return nil }
    let key = try integer()
    let field = Int(truncatingIfNeeded: key >> 3)
    guard (1..<1 << 29).contains(field) else { throw error("a field number of \(key >> 3)") }
    switch key & 7 {
    case 0: return (field, .integer(try integer()))
    case 1:
      let low = try fixed32()
      return (field, .fixed64(UInt64(low) | UInt64(try fixed32()) << 32))
    case 2:
      let count = try integer()
      guard count <= UInt64(end - position) else {
        throw error("a field of \(count) bytes where \(end - position) are left")
      }
      let start = position
      position += Int(count)
      return (field, .bytes(start..<position))
    case 5: return (field, .fixed32(try fixed32()))
    default: throw error("the wire type \(key & 7)")
    }
  }

  private mutating func integer() throws(WireError) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      guard position < end else { throw error("an end inside a number") }
      let byte = bytes[position]
      position += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    throw error("a number of more than 64 bits")
  }

  private mutating func fixed32() throws(WireError) -> UInt32 {
    guard end - position >= 4 else { throw error("an end inside a number") }
    let value = bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self)
    position += 4
    return UInt32(littleEndian: value)
  }

  private func error(_ found: String) -> WireError {
    WireError(byteOffset: position, found: found)
  }
}

/// Bytes that are no Protocol Buffers message.
struct WireError: Error {
  let byteOffset: Int
  let found: String
}
