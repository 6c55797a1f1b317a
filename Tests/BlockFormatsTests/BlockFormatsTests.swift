// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import Tensors
import Testing

struct BlockFormatsTests {
  /// Every format that packs elements into blocks.
  static let goldens = BlockFormats.all.map(\.encoding).filter { $0.elementsPerBlock > 1 }

  @Test(arguments: goldens)
  func blocksDecodeToTheBitsOfTheReference(_ encoding: Encoding) throws {
    let blocks = try StoredSamples.bytes("blocks/\(encoding).blocks")
    let expected = try StoredSamples.floats("blocks/\(encoding).values")
    for set in InstructionSet.allCases where set.isSupported {
      let format = try #require(BlockFormats.format(for: encoding, on: set))
      #expect(format.decode(blocks).map(Samples.bits) == expected.map(Samples.bits), "\(set)")
    }
  }

  @Test func everyFormatAnswersToItsOwnEncoding() {
    for encoding in Encoding.allCases {
      guard let format = BlockFormats.format(for: encoding) else { continue }
      #expect(format.encoding == encoding)
      #expect(BlockFormats.canEncode(encoding) == format.canEncode)
    }
    #expect(BlockFormats.all.count >= 26)
    #expect(!BlockFormats.canEncode(.q8_K))
    #expect(!BlockFormats.canEncode(.i8))
  }

  @Test func integersDecodeToTheirValues() throws {
    func decoded<T: FixedWidthInteger>(_ encoding: Encoding, _ values: [T]) throws -> [Float] {
      let bytes = values.flatMap { value in withUnsafeBytes(of: value.littleEndian) { [UInt8]($0) }
      }
      return try #require(BlockFormats.format(for: encoding)).decode(bytes)
    }
    #expect(try decoded(.i8, [0, 1, -1, 127, -128] as [Int8]) == [0, 1, -1, 127, -128])
    #expect(try decoded(.u8, [0, 1, 255] as [UInt8]) == [0, 1, 255])
    #expect(try decoded(.bool, [0, 1, 1] as [UInt8]) == [0, 1, 1])
    #expect(try decoded(.i16, [-32768, 32767] as [Int16]) == [-32768, 32767])
    #expect(try decoded(.u16, [65535] as [UInt16]) == [65535])
    #expect(try decoded(.i32, [-5, .max] as [Int32]) == [-5, Float(Int32.max)])
    #expect(try decoded(.u32, [.max] as [UInt32]) == [Float(UInt32.max)])
    #expect(try decoded(.i64, [.min, 7] as [Int64]) == [Float(Int64.min), 7])
    #expect(try decoded(.u64, [.max, 7] as [UInt64]) == [Float(UInt64.max), 7])
  }

  @Test func doublesRoundToTheNearestFloat() throws {
    let values: [Double] = [0, -0.0, 0.1, 1e300, -1e300, .nan, .infinity, 1e-46, 1 + 0x1p-24]
    let bytes = values.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian) { [UInt8]($0) } }
    let decoded = try #require(BlockFormats.format(for: .f64)).decode(bytes)
    #expect(decoded.map(Samples.bits) == values.map { Samples.bits(Float($0)) })
  }

  @Test func nonFiniteValuesAreCountedAtAnyLength() {
    for set in InstructionSet.allCases where set.isSupported {
      for count in [0, 1, 7, 31, 64, 300, 70_000] {
        var values = Samples.normal(min(count, 400), seed: 1)
        values += [Float](repeating: 3.4e38, count: count - values.count)
        for (index, special) in [(0, Float.nan), (6, .infinity), (63, -.infinity), (69_999, .nan)]
        where index < count { values[index] = special }
        let expected = values.filter { !$0.isFinite }.count
        let found = values.withUnsafeBufferPointer { BlockFormats.nonFiniteCount($0, on: set) }
        #expect(found == expected)
      }
    }
  }

  @Test(
    "what is counted without decoding is what decoding finds", arguments: InstructionSet.allCases)
  func nonFiniteHalves(on set: InstructionSet) {
    guard set.isSupported else { return }
    // Every pattern of 16 bits, at an odd address, more than once round a counter's stretch.
    let patterns = (0..<70_000).map { UInt16(truncatingIfNeeded: $0) }
    let bytes: [UInt8] = patterns.reduce(into: [0]) { bytes, pattern in
      bytes += [UInt8(truncatingIfNeeded: pattern), UInt8(pattern >> 8)]
    }
    for format in BlockFormats.formats(on: set) where format.encoding.bytesPerBlock == 2 {
      bytes.withUnsafeBytes { bytes in
        let blocks = UnsafeRawBufferPointer(rebasing: bytes[1...])
        guard let found = format.nonFiniteCount(in: blocks) else { return }
        var values = [Float](repeating: 0, count: patterns.count)
        values.withUnsafeMutableBufferPointer { format.decode(blocks, into: $0) }
        #expect(found == values.count { !$0.isFinite })
        #expect(found > 0)
      }
    }
  }
}
