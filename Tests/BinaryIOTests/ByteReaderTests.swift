// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Testing

struct ByteReaderTests {
  @Test("Integers are little-endian at any alignment")
  func integers() throws {
    let bytes: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8, 0xFF, 0xFE]
    try bytes.withUnsafeBytes { bytes throws in
      var reader = ByteReader(bytes)
      #expect(try reader.read(UInt8.self) == 1)
      #expect(try reader.read(UInt32.self) == 0x0504_0302)
      #expect(try reader.read(UInt16.self) == 0x0706)
      #expect(reader.position == 7)
      #expect(try reader.read(UInt8.self) == 8)
      #expect(try reader.read(Int16.self) == -257)
      #expect(reader.remaining == 0)
    }
  }

  @Test("A read past the end throws and does not move", arguments: [UInt64(3), 1 << 40, .max])
  func truncated(_ wanted: UInt64) throws {
    let bytes: [UInt8] = [1, 2, 3]
    try bytes.withUnsafeBytes { bytes throws in
      var reader = ByteReader(bytes)
      _ = try reader.take(1)
      let error = #expect(throws: TruncatedError.self) { _ = try reader.take(wanted) }
      #expect(error == TruncatedError(position: 1, wanted: wanted, available: 2))
      #expect(reader.position == 1)
    }
  }

  @Test("Nothing can be taken from nothing")
  func empty() throws {
    var reader = ByteReader(UnsafeRawBufferPointer(start: nil, count: 0))
    #expect(try reader.take(0).isEmpty)
    #expect(throws: TruncatedError.self) { try reader.read(UInt8.self) }
  }
}
