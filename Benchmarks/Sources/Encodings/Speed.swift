// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import Tensors

/// How fast one thread is on one instruction set.
struct Speed: Encodable {
  let type: String
  let instructionSet: String
  /// Million weights a second, without and with importance.
  let encode: Double
  let encodeWeighted: Double
  /// Gigabytes of Float32 values a second; nil for codes apart, which rows are decoded from elsewhere.
  let decode: Double?

  /// 64 rows of 2048: they stay in the cache, as a tile's part on a worker does.
  private static let (rows, columns) = (64, 2048)

  static func measure(_ subject: Subject, on set: InstructionSet, seconds: Double) -> Speed {
    let values = normal(rows * columns)
    let importance = normal(columns).map { $0 * $0 + 0.01 }
    switch subject.kind {
    case .blocks(let encoding):
      guard let format = BlockFormats.format(for: encoding, on: set) else {
        preconditionFailure("\(encoding) is no format")
      }
      let rowBytes = columns / encoding.elementsPerBlock * encoding.bytesPerBlock
      var blocks = [UInt8](repeating: 0, count: rows * rowBytes)
      func encode(_ importance: UnsafeBufferPointer<Float>?) {
        values.withUnsafeBufferPointer { values in
          blocks.withUnsafeMutableBytes { blocks in
            for row in 0..<rows {
              format.encode(
                UnsafeBufferPointer(rebasing: values[row * columns..<(row + 1) * columns]),
                importance: importance,
                into: UnsafeMutableRawBufferPointer(
                  rebasing: blocks[row * rowBytes..<(row + 1) * rowBytes]))
            }
          }
        }
      }
      let plain = rate(seconds) { encode(nil) }
      let weighted = rate(seconds) { importance.withUnsafeBufferPointer { encode($0) } }
      var decoded = [Float](repeating: 0, count: rows * columns)
      let decode = rate(seconds) {
        blocks.withUnsafeBytes { blocks in
          decoded.withUnsafeMutableBufferPointer { format.decode(blocks, into: $0) }
        }
      }
      return Speed(
        type: subject.name, instructionSet: "\(set)", encode: plain, encodeWeighted: weighted,
        decode: decode * 4 / 1000)
    case .groups(let offset, let bits, let size, let scales):
      let encoder = GroupEncoder(
        offset: offset, bits: bits, groupSize: size, scaleEncoding: scales, on: set)
      var row = GroupEncoder.Row(columns: columns, groups: columns / size)
      func encode(_ importance: UnsafeBufferPointer<Float>?) {
        values.withUnsafeBufferPointer { values in
          for index in 0..<rows {
            encoder.encode(
              UnsafeBufferPointer(rebasing: values[index * columns..<(index + 1) * columns]),
              importance: importance, into: &row)
          }
        }
      }
      return Speed(
        type: subject.name, instructionSet: "\(set)", encode: rate(seconds) { encode(nil) },
        encodeWeighted: rate(seconds) { importance.withUnsafeBufferPointer { encode($0) } },
        decode: nil)
    }
  }

  /// Million values a second: the median of at least three runs, and of as many as take `seconds`.
  private static func rate(_ seconds: Double, _ body: () -> Void) -> Double {
    body()
    let clock = ContinuousClock()
    let start = clock.now
    var times: [Double] = []
    while times.count < 3 || clock.now - start < .seconds(seconds) {
      times.append(clock.measure(body) / .seconds(1))
    }
    return Double(rows * columns) / times.sorted()[times.count / 2] / 1e6
  }

  /// Nearly normal numbers of deviation 0.02.
  private static func normal(_ count: Int) -> [Float] {
    var state: UInt64 = 1
    func uniform() -> Float {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(Int32(truncatingIfNeeded: state >> 32)) * 0x1p-32
    }
    return (0..<count).map { _ in (0..<12).reduce(0) { sum, _ in sum + uniform() } * 0.02 }
  }
}
