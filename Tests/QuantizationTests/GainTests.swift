// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import Quantization
import TestSupport
import Tensors
import Testing

struct GainTests {
  private static let (rows, columns) = (48, 512)

  private struct Sums {
    var (xx, xy, error) = (0.0, 0.0, 0.0)
    /// Σ (x − y)² / Σ x².
    var share: Double { error / xx }
  }

  private static func sums(
    _ encoder: TileEncoder, _ values: [Float], gain: Float, importance: [Float]?
  ) -> Sums {
    var bytes = [UInt8](repeating: 0, count: rows * encoder.rowBytes)
    bytes.withUnsafeMutableBytes { bytes in
      _ = encoder.encode(rows: rows, importance: importance, gain: gain, into: bytes) {
        range, room in
        for (place, index) in (range.lowerBound * columns..<range.upperBound * columns).enumerated()
        {
          room[place] = values[index]
        }
      }
    }
    let decoded = encoder.format.decode(bytes)
    var sums = Sums()
    for (index, (x, y)) in zip(values, decoded).enumerated() {
      let weight = Double(importance?[index % columns] ?? 1)
      sums.xx += weight * Double(x) * Double(x)
      sums.xy += weight * Double(x) * Double(y)
      sums.error += weight * Double(x - y) * Double(x - y)
    }
    return sums
  }

  private static func gain(_ encoder: TileEncoder, _ values: [Float], _ importance: [Float]?)
    -> Float
  {
    encoder.gain(rows: rows, importance: importance) { range, room in
      for (place, index) in (range.lowerBound * columns..<range.upperBound * columns).enumerated() {
        room[place] = values[index]
      }
    }
  }

  @Test(
    "with it the outputs have the original's part in full, for an error that grows by its own share",
    arguments: [
      Encoding.iq1_S, .iq2_XXS, .iq2_S, .q2_K, .iq3_XXS, .iq3_S, .q3_K, .q4_K, .q4_0, .iq4_NL,
    ], [false, true])
  func projection(_ encoding: Encoding, _ isWeighted: Bool) throws {
    let encoder = TileEncoder(
      format: try #require(BlockFormats.format(for: encoding)), columns: Self.columns)
    var random = SplitMix64(seed: 11)
    let values = random.normal(Self.rows * Self.columns)
    let importance = isWeighted ? random.normal(Self.columns).map { $0 * $0 + 0.1 } : nil
    let gain = Self.gain(encoder, values, importance)
    let plain = Self.sums(encoder, values, gain: 1, importance: importance)
    let enlarged = Self.sums(encoder, values, gain: gain, importance: importance)
    #expect(gain > 1 && gain <= 2)
    // Estimated from 32 of 48 rows, which lie within a few percent of each other.
    #expect(abs(enlarged.xy / enlarged.xx - 1) < 0.1 * plain.share + 0.002)
    #expect(abs(enlarged.xy / enlarged.xx - 1) < abs(plain.xy / plain.xx - 1))
    #expect(enlarged.share < 1.1 * plain.share / (1 - plain.share))
  }

  @Test(
    "what loses next to nothing, or nothing at all, stays as it is",
    arguments: [Encoding.q8_0, .q6_K, .f16, .bf16, .f32, .q4_0])
  func none(_ encoding: Encoding) throws {
    let encoder = TileEncoder(
      format: try #require(BlockFormats.format(for: encoding)), columns: Self.columns)
    var random = SplitMix64(seed: 12)
    // Values of sixteen levels are what Q4_0 holds; the lowest is there in every block.
    let levels = (0..<Self.rows * Self.columns).map { index in
      Float(index % 32 == 0 ? -8 : Int.random(in: -8...7, using: &random)) * 0.25
    }
    let values = encoding == .q4_0 ? levels : random.normal(Self.rows * Self.columns)
    #expect(Self.gain(encoder, values, nil) == 1)
    #expect(Self.gain(encoder, values.map { $0 * 0 }, nil) == 1)
  }
}
