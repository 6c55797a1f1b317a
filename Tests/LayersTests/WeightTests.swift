// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import Layers
import Tensors
import Testing

struct WeightTests {
  static let encodings = BlockFormats.all.filter(\.canEncode).map(\.encoding)

  static func decoded(_ weight: Weight, _ rows: Range<Int>) -> [Float] {
    var values = [Float](repeating: .nan, count: rows.count * weight.columns)
    values.withUnsafeMutableBufferPointer { weight.decode(rows: rows, into: $0) }
    return values
  }

  @Test(arguments: encodings)
  func rowsAreDecodedAloneAsTogether(_ encoding: Encoding) throws {
    let weight = try Samples.weight(
      Samples.values(9, 512, seed: 1), rows: 9, encoding: encoding)
    let all = weight.values()
    #expect(all.count == 9 * 512)
    for rows in [0..<9, 3..<7, 8..<9, 4..<4] {
      #expect(
        Self.decoded(weight, rows) == Array(all[rows.lowerBound * 512..<rows.upperBound * 512]))
    }
  }

  @Test(arguments: encodings)
  func rowOrderReordersRows(_ encoding: Encoding) throws {
    let values = Samples.values(6, 256, seed: 2)
    let plain = try Samples.weight(values, rows: 6, encoding: encoding)
    let order = [4, 0, 5, 1, 3, 2]
    let ordered = try Samples.weight(values, rows: 6, encoding: encoding, rowOrder: order)
    #expect(ordered.values() == order.flatMap { Self.decoded(plain, $0..<$0 + 1) })
    #expect(Self.decoded(ordered, 2..<4) == [5, 1].flatMap { Self.decoded(plain, $0..<$0 + 1) })
  }

  @Test(arguments: encodings)
  func aWeightMayBeginAtALaterRow(_ encoding: Encoding) throws {
    let values = Samples.values(8, 256, seed: 3)
    let whole = try Samples.weight(values, rows: 8, encoding: encoding)
    let part = Weight(
      source: whole.source, format: whole.format, rows: 3, columns: 256, firstRow: 5)
    #expect(part.values() == Self.decoded(whole, 5..<8))
    let turned = Weight(
      source: whole.source, format: whole.format, rows: 3, columns: 256, firstRow: 5,
      rowOrder: [2, 0, 1])
    #expect(turned.values() == [7, 5, 6].flatMap { Self.decoded(whole, $0..<$0 + 1) })
    if let dense = part.denseRows {
      #expect(Array(UnsafeBufferPointer(start: dense, count: 3 * 256)) == part.values())
    }
  }

  @Test func onlyAlignedFloatsInOrderAreDense() throws {
    let values = Samples.values(4, 32, seed: 4)
    let f32 = try #require(BlockFormats.format(for: .f32))
    let q8 = try Samples.weight(values, rows: 4, encoding: .q8_0)
    #expect(try Samples.weight(values, rows: 4).denseRows != nil)
    #expect(q8.denseRows == nil)
    #expect(try Samples.weight(values, rows: 4, rowOrder: [0, 1, 2, 3]).denseRows == nil)
    for offset in 1..<4 {
      let shifted = Weight(
        source: StoredBytes(f32.encode(values), offset: offset), format: f32, rows: 4, columns: 32)
      #expect(shifted.denseRows == nil)
      #expect(shifted.values() == values)
    }
  }

  @Test(arguments: encodings)
  func rowBytesAreThoseOfTheEncoding(_ encoding: Encoding) throws {
    let weight = try Samples.weight(Samples.values(2, 512, seed: 5), rows: 2, encoding: encoding)
    #expect(weight.rowBytes == encoding.byteCount(elements: 512))
  }
}
