// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import Tensors
import Testing

/// Laws that hold for every format that encodes.
struct BlockFormatTests {
  static let encodings = BlockFormats.all.filter(\.canEncode).map(\.encoding)
  static let blocks = encodings.filter { $0.elementsPerBlock > 1 }

  @Test(arguments: encodings)
  func decodedRowsSurviveEncodingAgain(_ encoding: Encoding) throws {
    let format = try #require(BlockFormats.format(for: encoding))
    let once = format.decode(format.encode(Samples.normal(2048, seed: 1)))
    let twice = format.decode(format.encode(once))
    let distortion = Samples.distortion(once, twice)
    // Integers and shared factors of a superblock are found again only nearly.
    #expect(distortion.relativeError < 0.2 * Samples.tolerance(encoding))
  }

  @Test(arguments: encodings)
  func errorStaysWithinTheBoundOfTheCodes(_ encoding: Encoding) throws {
    let format = try #require(BlockFormats.format(for: encoding))
    for (seed, scale) in [(1, 1), (2, 1e-2), (3, 1e3)] as [(UInt64, Float)] {
      let values = Samples.normal(4096, seed: seed).map { $0 * scale }
      let decoded = format.decode(format.encode(values))
      #expect(Samples.distortion(values, decoded).relativeError < Samples.tolerance(encoding))
    }
  }

  @Test(arguments: BlockFormats.all.map(\.encoding))
  func everyInstructionSetDecodesToTheSameBits(_ encoding: Encoding) throws {
    for blocks in [1, 2, 3, 17, 64] {
      let stored = Samples.bytes(blocks * encoding.bytesPerBlock, seed: UInt64(blocks))
      let expected = try #require(BlockFormats.format(for: encoding, on: .baseline))
        .decode(stored).map(Samples.bits)
      for set in InstructionSet.allCases where set.isSupported {
        let format = try #require(BlockFormats.format(for: encoding, on: set))
        #expect(format.decode(stored).map(Samples.bits) == expected, "\(set)")
      }
    }
  }

  @Test(arguments: encodings)
  func everyInstructionSetEncodesToTheSameBytes(_ encoding: Encoding) throws {
    for blocks in [1, 2, 3, 17, 33] {
      let count = blocks * encoding.elementsPerBlock
      let values = Samples.normal(count, seed: UInt64(blocks))
      let importance = Samples.normal(count, seed: 99).map(abs)
      let baseline = try #require(BlockFormats.format(for: encoding, on: .baseline))
      for set in InstructionSet.allCases where set.isSupported {
        let format = try #require(BlockFormats.format(for: encoding, on: set))
        #expect(format.encode(values) == baseline.encode(values), "\(set)")
        #expect(
          format.encode(values, importance: importance)
            == baseline.encode(values, importance: importance), "\(set)")
      }
    }
  }

  @Test(arguments: encodings)
  func aRowIsTheSequenceOfItsBlocks(_ encoding: Encoding) throws {
    let format = try #require(BlockFormats.format(for: encoding))
    let size = encoding.elementsPerBlock
    let values = Samples.normal(19 * size, seed: 5)
    let importance = Samples.normal(19 * size, seed: 6).map { abs($0) + 0.01 }
    let starts = stride(from: 0, to: values.count, by: size)
    #expect(
      format.encode(values) == starts.flatMap { format.encode(Array(values[$0..<$0 + size])) })
    #expect(
      format.encode(values, importance: importance)
        == starts.flatMap {
          format.encode(
            Array(values[$0..<$0 + size]), importance: Array(importance[$0..<$0 + size]))
        })
  }

  @Test(arguments: blocks)
  func onlyRatiosOfImportanceMatter(_ encoding: Encoding) throws {
    let format = try #require(BlockFormats.format(for: encoding))
    let values = Samples.normal(512, seed: 7)
    let importance = Samples.normal(512, seed: 8).map(abs)
    let expected = format.encode(values, importance: importance)
    for factor in [0x1p-60, 0x1p-3, 0x1p70] as [Float] {
      #expect(format.encode(values, importance: importance.map { $0 * factor }) == expected)
    }
  }

  @Test("importance of one everywhere leaves no larger error than none", arguments: blocks)
  func importanceOfOneEverywhere(_ encoding: Encoding) throws {
    let format = try #require(BlockFormats.format(for: encoding))
    let values = Samples.normal(16 * 768, seed: 4)
    let ones = [Float](repeating: 1, count: values.count)
    let with = format.decode(format.encode(values, importance: ones))
    let without = format.decode(format.encode(values))
    // More candidates are tried then; of 48 groups or more, hardly one finds a worse one.
    #expect(
      Samples.distortion(values, with).squaredError
        <= 1.001 * Samples.distortion(values, without).squaredError)
  }

  @Test(arguments: blocks)
  func importanceMovesErrorToWhereItMattersLess(_ encoding: Encoding) throws {
    let format = try #require(BlockFormats.format(for: encoding))
    let values = Samples.normal(4096, seed: 9)
    let importance = (0..<4096).map { $0 % 4 == 0 ? 1 : 0.01 as Float }
    let plain = format.decode(format.encode(values))
    let guided = format.decode(format.encode(values, importance: importance))
    #expect(
      Samples.distortion(values, guided, importance).squaredError
        < Samples.distortion(values, plain, importance).squaredError)
    #expect(
      Samples.distortion(values, plain).squaredError
        < Samples.distortion(values, guided).squaredError)
  }

  @Test(arguments: blocks)
  func zerosDecodeToZeros(_ encoding: Encoding) throws {
    let format = try #require(BlockFormats.format(for: encoding))
    let zeros = [Float](repeating: 0, count: 512)
    #expect(format.decode(format.encode(zeros)) == zeros)
    #expect(format.decode(format.encode(zeros, importance: zeros)) == zeros)
  }

  @Test(arguments: blocks, Samples.edges.indices)
  func edgesDecodeFiniteAndNear(_ encoding: Encoding, _ edge: Int) throws {
    let format = try #require(BlockFormats.format(for: encoding))
    let values = Samples.edges[edge]
    for importance in [nil, values, Samples.normal(values.count, seed: 1)] {
      let decoded = format.decode(format.encode(values, importance: importance))
      #expect(decoded.allSatisfy { $0.isFinite })
      let finite = values.map { $0.isFinite ? $0 : 0 }
      let largest = finite.map(abs).max() ?? 0
      if importance == nil, values.allSatisfy(\.isFinite) {
        // Never farther than zeros would be.
        #expect(Samples.distortion(values, decoded).relativeError <= 1)
        #expect(decoded.allSatisfy { abs($0) <= 1.5 * largest })
      }
    }
  }

  @Test(arguments: blocks)
  func unalignedBlocksAreFine(_ encoding: Encoding) throws {
    let format = try #require(BlockFormats.format(for: encoding))
    let values = Samples.normal(512, seed: 3)
    let blocks = format.encode(values)
    let shifted = [0] + blocks
    let decoded = shifted.withUnsafeBytes { bytes in
      [Float](unsafeUninitializedCapacity: values.count) { buffer, count in
        let whole = UnsafeMutableBufferPointer(rebasing: buffer[..<values.count])
        format.decode(UnsafeRawBufferPointer(rebasing: bytes[1...]), into: whole)
        count = values.count
      }
    }
    #expect(decoded == format.decode(blocks))
  }
}
