// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import Layers
import LinearAlgebra
import Parallelism
import Tensors
import TestSupport
import Testing

/// Seeded layers and activations, and how near two results must be.
enum Samples {
  /// Half the distance from 1 to the next f32: the relative error of one rounding.
  static let rounding = 0x1p-24

  static func matrix(_ rows: Int, _ columns: Int, seed: UInt64) -> Matrix {
    var random = SplitMix64(seed: seed)
    return Matrix(rows: rows, columns: columns, values: random.normal(rows * columns))
  }

  /// A weight whose outputs have about the variance of its inputs.
  static func values(_ outputs: Int, _ inputs: Int, seed: UInt64) -> [Float] {
    var random = SplitMix64(seed: seed)
    let scale = 1 / Float(inputs).squareRoot()
    return random.normal(outputs * inputs).map { $0 * scale }
  }

  static func weight(
    _ values: [Float], rows: Int, encoding: Encoding = .f32, rowOrder: [Int]? = nil
  ) throws -> Weight {
    let format = try #require(BlockFormats.format(for: encoding))
    return Weight(
      source: StoredBytes(format.encode(values)), format: format, rows: rows,
      columns: values.count / rows, rowOrder: rowOrder)
  }

  static func linear(_ outputs: Int, _ inputs: Int, seed: UInt64, bias: Bool = false) throws
    -> Linear
  {
    var random = SplitMix64(seed: seed &+ 1_000_000)
    return Linear(
      weight: try weight(values(outputs, inputs, seed: seed), rows: outputs),
      bias: bias ? random.normal(outputs) : nil)
  }

  /// Whether two results differ by no more than `roundings` roundings of their largest element.
  static func near(_ a: Matrix, _ b: Matrix, roundings: Int) -> Bool {
    guard a.rows == b.rows, a.columns == b.columns else { return false }
    let largest = b.values.map { Double(abs($0)) }.max() ?? 0
    return zip(a.values, b.values).allSatisfy {
      abs(Double($0) - Double($1)) <= Double(roundings) * rounding * largest
    }
  }

  /// Runs the body with 1, 2, 3 and 16 workers.
  static func perWorkerCount<Result>(_ body: () throws -> Result) rethrows -> [Result] {
    defer { Parallel.limit(to: 0) }
    return try [1, 2, 3, 16].map {
      Parallel.limit(to: $0)
      return try body()
    }
  }
}

/// Bytes of a weight in memory.
final class StoredBytes: Weight.Source {
  private let address: UInt
  private let offset: Int
  private let count: Int

  /// - Parameters:
  ///   - stored: What the weight holds.
  ///   - offset: Bytes before it, so that it need not be aligned.
  init(_ stored: [UInt8], offset: Int = 0) {
    let room = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(1, stored.count + offset), alignment: 64)
    UnsafeMutableRawBufferPointer(rebasing: room[offset..<offset + stored.count])
      .copyBytes(from: stored)
    address = UInt(bitPattern: room.baseAddress) + UInt(offset)
    count = stored.count
    self.offset = offset
  }

  deinit {
    UnsafeMutableRawPointer(bitPattern: address - UInt(offset))?.deallocate()
  }

  var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: address), count: count)
  }

  func release() {}
}
