// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Testing

struct ChecksumTests {
  @Test("The check value of CRC-32 comes out")
  func checkValue() {
    let checksum = Array("123456789".utf8).withUnsafeBytes { Checksum(of: $0) }
    #expect(checksum.value == 0xCBF4_3926)
  }

  @Test("Checksums of parts give that of the whole", arguments: [0, 1, 4, 8, 9])
  func cuts(_ cut: Int) {
    Array("123456789".utf8).withUnsafeBytes { bytes in
      var checksum = Checksum(of: UnsafeRawBufferPointer(rebasing: bytes[..<cut]))
      checksum.append(
        Checksum(of: UnsafeRawBufferPointer(rebasing: bytes[cut...])), byteCount: 9 - cut)
      #expect(checksum == Checksum(of: bytes))
    }
  }
}
