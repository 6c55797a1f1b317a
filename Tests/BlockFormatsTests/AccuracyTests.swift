// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import Tensors
import Testing

/// No encoder leaves a larger error than llama.cpp's.
///
/// Random rows and every weight of the small models, plain and weighted by importance; see
/// Fixtures/blocks/README.md.
struct AccuracyTests {
  struct Case: CustomStringConvertible, Sendable {
    let file: String
    let offset: Int
    let dtype: Encoding
    let rows: Int
    let columns: Int
    let name: String
    /// Encoding, llama.cpp's relative error, and that weighted by importance.
    var expected: [(encoding: Encoding, plain: Double, weighted: Double)]
    var description: String { "\(file) \(name)" }
  }

  static let cases: [Case] = {
    guard let bytes = try? StoredSamples.bytes("blocks/llama_cpp_errors.tsv") else { return [] }
    var cases: [Case] = []
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      let fields = line.split(separator: "\t").map(String.init)
      guard fields.count == 9, let offset = Int(fields[1]),
        let dtype = Encoding(rawValue: fields[2]),
        let rows = Int(fields[3]), let columns = Int(fields[4]),
        let encoding = Encoding(rawValue: fields[5]), let plain = Double(fields[6]),
        let weighted = Double(fields[7])
      else { continue }
      if cases.last?.name != fields[8] || cases.last?.file != fields[0] {
        cases.append(
          Case(
            file: fields[0], offset: offset, dtype: dtype, rows: rows, columns: columns,
            name: fields[8], expected: []))
      }
      cases[cases.count - 1].expected.append((encoding, plain, weighted))
    }
    return cases
  }()

  @Test func casesAreThere() {
    #expect(Self.cases.count > 100)
  }

  @Test(arguments: cases)
  func errorIsNoLargerThanOfLlamaCpp(_ weight: Case) throws {
    let source = try #require(BlockFormats.format(for: weight.dtype))
    let columns = weight.columns
    let values = source.decode(
      try StoredSamples.bytes(
        weight.file, at: weight.offset,
        count: weight.rows * columns * weight.dtype.bytesPerBlock))
    let importance = (0..<columns).map { Float(($0 * 37) % 101 + 8) / 128 }
    for (encoding, plain, weighted) in weight.expected {
      let format = try #require(BlockFormats.format(for: encoding))
      #expect(error(values, columns, nil, format) <= plain * Self.rounding, "\(encoding)")
      #expect(
        error(values, columns, importance, format) <= weighted * Self.rounding,
        "\(encoding), weighted")
    }
  }

  /// The stored errors have seven digits.
  static let rounding = 1.000001

  private func error(
    _ values: [Float], _ columns: Int, _ importance: [Float]?, _ format: any BlockFormat
  ) -> Double {
    var total = Distortion()
    for start in stride(from: 0, to: values.count, by: columns) {
      let row = Array(values[start..<start + columns])
      let decoded = format.decode(format.encode(row, importance: importance))
      total.add(Samples.distortion(row, decoded, importance))
    }
    return total.relativeError
  }
}
