// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import Tensors
import Testing

/// No encoder leaves a larger error than MLX's at the same bytes, on any row; on the whole it leaves
/// much less.
///
/// See Fixtures/packing/README.md.
struct MLXAccuracyTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let file: String
    let offset: Int
    let stored: Encoding
    let rows: Int
    let columns: Int
    let kind: GroupEncoderTests.Kind
    /// Squared errors that MLX leaves, plain and weighted.
    let plain: Double
    let weighted: Double
    let name: String
    var testDescription: String { "\(name) \(kind.testDescription)" }
  }

  static let cases: [Case] = {
    guard let bytes = try? StoredSamples.bytes("packing/mlx_errors.tsv") else { return [] }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { line in
      let f = line.split(separator: "\t").map(String.init)
      guard f.count == 12, let offset = Int(f[1]), let stored = Encoding(rawValue: f[2]),
        let rows = Int(f[3]), let columns = Int(f[4]), let dtype = Encoding(rawValue: f[5]),
        let bits = Int(f[7]), let size = Int(f[8]), let plain = Double(f[9]),
        let weighted = Double(f[10])
      else { return nil }
      let isAffine = f[6] == "affine"
      return Case(
        file: f[0], offset: offset, stored: stored, rows: rows, columns: columns,
        kind: .init(
          offset: isAffine ? .bias : .none, bits: bits, size: size,
          scales: isAffine ? dtype : nil), plain: plain, weighted: weighted, name: f[11])
    }
  }()

  @Test func casesAreThere() { #expect(Self.cases.count > 200) }

  /// The stored errors have seven digits; sums here are Float64, there too.
  static let rounding = 1.000002

  @Test(arguments: cases)
  func errorIsNoLargerThanOfMLX(_ example: Case) throws {
    let (kind, columns) = (example.kind, example.columns)
    let values = try Self.values(of: example)
    let importance = (0..<columns).map { Float(($0 * 37) % 101 + 8) / 128 }
    var (plain, weighted, stock) = (0.0, 0.0, 0.0)
    for start in stride(from: 0, to: values.count, by: columns) {
      let row = Array(values[start..<start + columns])
      let own = Samples.distortion(row, kind.decoded(kind.row(row))).squaredError
      plain += own
      weighted +=
        Samples.distortion(
          row, kind.decoded(kind.row(row, importance: importance)), importance
        ).squaredError
      if kind.offset == .bias {
        let other = Samples.distortion(row, Self.stock(row, kind)).squaredError
        stock += other
        #expect(own <= other * Self.rounding)
      }
    }
    #expect(plain <= example.plain * Self.rounding)
    #expect(weighted <= example.weighted * Self.rounding)
    if kind.offset == .bias {
      // The rule below is MLX's: else "on any row" would mean nothing.
      #expect(abs(stock / example.plain - 1) < 1e-3)
      // What is gained at the least: measured, with a hundredth on top.
      let share = Self.share(kind)
      #expect(plain <= example.plain * share, "\(plain / example.plain)")
      #expect(weighted <= example.weighted * share, "\(weighted / example.weighted)")
    }
  }

  /// The share of MLX's error that is left at most.
  private static func share(_ kind: GroupEncoderTests.Kind) -> Double {
    switch (kind.bits, kind.scales) {
    case (8, .bf16): kind.size == 128 ? 0.62 : kind.size == 64 ? 0.55 : 0.46
    case (2, _): 0.70
    case (3, _): 0.77
    case (4, _): 0.85
    default: 0.90
    }
  }

  private static func values(of example: Case) throws -> [Float] {
    let format = try #require(BlockFormats.format(for: example.stored))
    let values = format.decode(
      try StoredSamples.bytes(
        example.file, at: example.offset,
        count: example.rows * example.columns * example.stored.bytesPerBlock))
    return values.map { stored($0, as: example.kind.scales) }
  }

  private static func stored(_ value: Float, as encoding: Encoding?) -> Float {
    switch encoding {
    case .f16: HalfPrecision.decoded(half: HalfPrecision.encodedHalf(value))
    case .bf16: HalfPrecision.decoded(bfloat: HalfPrecision.encodedBFloat(value))
    default: value
    }
  }

  /// MLX's own affine quantizer: the range of a group, moved so that its larger end and zero are
  /// exact; codes before the numbers are rounded to their dtype.
  private static func stock(_ row: [Float], _ kind: GroupEncoderTests.Kind) -> [Float] {
    let highest = Float((1 << kind.bits) - 1)
    var decoded = row
    for start in stride(from: 0, to: row.count, by: kind.size) {
      let group = row[start..<start + kind.size]
      let (low, high) = (group.min() ?? 0, group.max() ?? 0)
      var scale = max((high - low) / highest, 1e-7)
      let isNegative = abs(low) > abs(high)
      if !isNegative { scale = -scale }
      let edge = isNegative ? low : high
      var bias: Float = 0
      let code = (edge / scale).rounded(.toNearestOrEven)
      if code != 0 { (scale, bias) = (edge / code, edge) }
      let (s, b) = (stored(scale, as: kind.scales), stored(bias, as: kind.scales))
      for place in start..<start + kind.size {
        let q = min(max(((row[place] - bias) / scale).rounded(.toNearestOrEven), 0), highest)
        decoded[place] = q * s + b
      }
    }
    return decoded
  }
}
