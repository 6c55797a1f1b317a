// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import Tensors
import Testing

/// Codes with scales apart: what every kind of them promises.
struct GroupEncoderTests {
  struct Kind: CustomTestStringConvertible, Sendable {
    let offset: GroupEncoder.Offset
    let bits: Int
    let size: Int
    let scales: Encoding?
    var testDescription: String { "\(offset) \(bits) \(size) \(scales?.rawValue ?? "")" }

    func encoder(_ set: InstructionSet = .current) -> GroupEncoder {
      GroupEncoder(
        offset: offset, bits: bits, groupSize: size, scaleEncoding: scales, on: set)
    }

    func row(_ values: [Float], importance: [Float]? = nil, on set: InstructionSet = .current)
      -> GroupEncoder.Row
    {
      var row = GroupEncoder.Row(columns: values.count, groups: values.count / size)
      values.withUnsafeBufferPointer { values in
        if let importance {
          importance.withUnsafeBufferPointer {
            encoder(set).encode(values, importance: $0, into: &row)
          }
        } else {
          encoder(set).encode(values, importance: nil, into: &row)
        }
      }
      return row
    }

    /// What a code means in its group.
    func value(_ code: UInt8, _ group: Int, _ row: GroupEncoder.Row) -> Float {
      switch offset {
      case .bias: return Float(code) * row.scales[group] + row.offsets[group]
      case .middle: return (Float(code) - Float(1 << (bits - 1))) * row.scales[group]
      case .zeroPoint: return (Float(code) - row.offsets[group]) * row.scales[group]
      case .none:
        let magnitude: [Float] = [0, 0.5, 1, 1.5, 2, 3, 4, 6]
        let number = magnitude[Int(code & 7)] * (code & 8 == 0 ? 1 : -1)
        return number * (size == 16 ? Float8.e4m3 : Float8.e8m0)[Int(row.scaleBytes[group])]
      }
    }

    func decoded(_ row: GroupEncoder.Row) -> [Float] {
      row.codes.indices.map { value(row.codes[$0], $0 / size, row) }
    }
  }

  static let kinds: [Kind] = {
    var kinds: [Kind] = []
    for scales in [Encoding.f32, .f16, .bf16] {
      for bits in [2, 3, 4, 5, 6, 8] {
        kinds.append(Kind(offset: .bias, bits: bits, size: 64, scales: scales))
      }
      for (offset, bits, size) in [
        (GroupEncoder.Offset.bias, 4, 32), (.bias, 8, 128), (.middle, 4, 128), (.middle, 8, 32),
        (.zeroPoint, 4, 64), (.zeroPoint, 8, 128),
      ] { kinds.append(Kind(offset: offset, bits: bits, size: size, scales: scales)) }
    }
    return kinds + [
      Kind(offset: .none, bits: 4, size: 16, scales: nil),
      Kind(offset: .none, bits: 4, size: 32, scales: nil),
    ]
  }()

  static let importance: [Float] = (0..<512).map { Float(($0 * 37) % 101 + 8) / 128 }

  static let rows = Samples.edges + [Samples.normal(512, seed: 3).map { $0 * 0.02 }]

  @Test("every instruction set gives the same codes and numbers", arguments: kinds)
  func instructionSets(_ kind: Kind) {
    for values in Self.rows {
      for importance in [nil, Self.importance] {
        let expected = kind.row(values, importance: importance, on: .baseline)
        for set in InstructionSet.allCases where set.isSupported {
          let row = kind.row(values, importance: importance, on: set)
          #expect(row.codes == expected.codes && row.scaleBytes == expected.scaleBytes)
          #expect(row.scales.map(\.bitPattern) == expected.scales.map(\.bitPattern))
          #expect(row.offsets.map(\.bitPattern) == expected.offsets.map(\.bitPattern))
        }
      }
    }
  }

  @Test("numbers are as the encoding stores them, codes fit, values are finite", arguments: kinds)
  func stored(_ kind: Kind) {
    for values in Self.rows {
      let row = kind.row(values)
      #expect(row.codes.allSatisfy { Int($0) < 1 << kind.bits })
      var numbers = row.scales
      if kind.offset == .bias { numbers += row.offsets }
      for number in numbers {
        #expect(number.isFinite)
        switch kind.scales {
        case .f16: #expect(HalfPrecision.decoded(half: HalfPrecision.encodedHalf(number)) == number)
        case .bf16:
          #expect(HalfPrecision.decoded(bfloat: HalfPrecision.encodedBFloat(number)) == number)
        default: break
        }
      }
      if kind.offset == .zeroPoint {
        #expect(
          row.offsets.allSatisfy { $0 == $0.rounded() && $0 >= 0 && $0 < Float(1 << kind.bits) })
      }
      if kind.offset == .middle || kind.offset == .zeroPoint {
        #expect(row.scales.allSatisfy { $0 >= 0 })
      }
      #expect(kind.decoded(row).allSatisfy { $0.isFinite })
    }
  }

  @Test("each code is the nearest to its value, given the numbers as stored", arguments: kinds)
  func nearest(_ kind: Kind) {
    let values = Samples.normal(512, seed: 5).map { $0 * 0.02 }
    let row = kind.row(values, importance: Self.importance)
    for (place, value) in values.enumerated() {
      let own = abs(value - kind.value(row.codes[place], place / kind.size, row))
      let best = (0..<1 << kind.bits).reduce(Float.infinity) {
        min($0, abs(value - kind.value(UInt8($1), place / kind.size, row)))
      }
      // A tie may go either way: both are as near but for the rounding of the comparison.
      #expect(own <= best * 1.0001 + 1e-9)
    }
  }

  @Test("the unit of the importance makes no difference", arguments: kinds)
  func unit(_ kind: Kind) {
    let values = Samples.normal(512, seed: 9)
    let row = kind.row(values, importance: Self.importance)
    let scaled = kind.row(values, importance: Self.importance.map { $0 * 0x1p-40 })
    #expect(row.codes == scaled.codes && row.scales == scaled.scales)
  }

  @Test("more important values are nearer on the whole", arguments: kinds)
  func importanceHelps(_ kind: Kind) {
    var (plain, weighted) = (0.0, 0.0)
    for seed in 0..<6 {
      let values = Samples.normal(512, seed: UInt64(seed + 20))
      let without = kind.decoded(kind.row(values))
      let with = kind.decoded(kind.row(values, importance: Self.importance))
      plain += Samples.distortion(values, without, Self.importance).squaredError
      weighted += Samples.distortion(values, with, Self.importance).squaredError
    }
    #expect(weighted <= plain)
  }

  @Test("a row that lies on a grid is kept exactly", arguments: [2, 3, 4, 5, 6, 8])
  func exact(_ bits: Int) {
    let kind = Kind(offset: .bias, bits: bits, size: 64, scales: .bf16)
    let highest = (1 << bits) - 1
    // Both ends occur; all numbers are exact in bfloat16.
    let values = (0..<512).map { Float($0 % 64 * 31 % (highest + 1)) * 0.25 - 2 }
    #expect(kind.decoded(kind.row(values)) == values)
  }

  @Test("groups that hold one value alone, or zeros, come back as near as can be stored")
  func constant() {
    for kind in Self.kinds where kind.offset == .bias {
      #expect(kind.decoded(kind.row([Float](repeating: 0, count: 512))).allSatisfy { $0 == 0 })
      let half = kind.decoded(kind.row([Float](repeating: 0.5, count: 512)))
      #expect(half.allSatisfy { $0 == 0.5 })
    }
  }
}
