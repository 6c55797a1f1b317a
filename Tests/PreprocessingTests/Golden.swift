// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Fixtures
import Notation
import Preprocessing
import Testing

/// What Pillow and transformers made of the fixtures: `Fixtures/preprocessing/golden.json`.
enum Golden {
  static let all: JSON = (try? json("preprocessing/golden.json")) ?? .null

  /// The members of a list, none if the file is broken (each suite checks that there are some).
  static func cases(_ key: String) -> [JSON] { all[key]?.array ?? [] }

  static func json(_ relative: String) throws -> JSON {
    let file = try MappedFile(path: Fixtures.path(relative))
    return try withExtendedLifetime(file) { try JSON(parsing: file.bytes) }
  }

  static func bytes(_ relative: String) throws -> [UInt8] {
    let file = try MappedFile(path: Fixtures.path(relative))
    return withExtendedLifetime(file) { Array(file.bytes) }
  }
}

extension JSON {
  /// A member that the golden file must have.
  func integer(_ key: String) throws -> Int { try #require(self[key]?.integer) }

  func text(_ key: String) throws -> String { try #require(self[key]?.string) }

  func integers(_ key: String) throws -> [Int] {
    try #require(self[key]?.array).map { try #require($0.integer) }
  }
}

/// CRC-32 as in PNG and zlib.
///
/// - Source: PNG, third edition, annex D.
func crc32(_ bytes: some Sequence<UInt8>) -> Int {
  var value: UInt32 = 0xFFFF_FFFF
  for byte in bytes {
    value = crcTable[Int(UInt8(truncatingIfNeeded: value) ^ byte)] ^ value >> 8
  }
  return Int(~value)
}

/// The same of numbers as goldens have them: Float32, little-endian.
func crc32(_ values: [Float]) -> Int {
  crc32(
    values.flatMap { value in
      (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> UInt32(8 * $0)) }
    })
}

private let crcTable: [UInt32] = (0..<256).map { start in
  (0..<8).reduce(UInt32(start)) { value, _ in
    value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1
  }
}

/// The largest difference between two images' levels, nil if their sizes differ.
func largestDifference(_ a: Image, _ b: Image) -> Int? {
  guard a.width == b.width, a.height == b.height else { return nil }
  return zip(a.pixels, b.pixels).reduce(0) { max($0, abs(Int($1.0) - Int($1.1))) }
}

/// An image in which every pixel differs from its neighbours.
func pattern(width: Int, height: Int) -> Image {
  let pixels = (0..<width * height * 3).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ $0 / 251) }
  return Image(width: width, height: height, pixels: pixels)
}
