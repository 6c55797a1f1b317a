// SPDX-License-Identifier: Apache-2.0

import Fixtures

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// Reads fixtures.
enum StoredSamples {
  struct Unreadable: Error { let path: String }

  static func bytes(_ relative: String, at offset: Int = 0, count: Int? = nil) throws -> [UInt8] {
    let path = Fixtures.path(relative)
    guard let file = fopen(path, "rb") else { throw Unreadable(path: path) }
    defer { fclose(file) }
    fseek(file, 0, SEEK_END)
    let wanted = count ?? ftell(file) - offset
    fseek(file, offset, SEEK_SET)
    let bytes = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, read in
      read = fread(buffer.baseAddress, 1, wanted, file)
    }
    guard bytes.count == wanted else { throw Unreadable(path: path) }
    return bytes
  }

  static func floats(_ relative: String) throws -> [Float] {
    let bytes = try bytes(relative)
    return bytes.withUnsafeBytes { bytes in
      (0..<bytes.count / 4).map {
        Float(
          bitPattern: UInt32(
            littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)))
      }
    }
  }
}
