// SPDX-License-Identifier: Apache-2.0

import Quantization
import TestSupport

/// Second moments of made-up inputs whose columns go together.
struct Moments: InputMoments.Source {
  private final class Storage: Sendable {
    nonisolated(unsafe) let values: UnsafeMutableBufferPointer<Float>

    init(_ numbers: [Float]) {
      values = .allocate(capacity: numbers.count)
      _ = values.initialize(from: numbers)
    }

    deinit { values.deallocate() }
  }

  private let storage: Storage
  private let size: Int
  /// Two more sums behind those of ``storage``; nil where inputs are as they were.
  private var drift: Storage?

  var fitted: UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(rebasing: UnsafeBufferPointer(storage.values)[..<size])
  }
  var heldOut: UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(rebasing: UnsafeBufferPointer(storage.values)[size...])
  }

  var fittedDrift: UnsafeBufferPointer<Float>? {
    drift.map { UnsafeBufferPointer(rebasing: UnsafeBufferPointer($0.values)[..<size]) }
  }
  var heldOutDrift: UnsafeBufferPointer<Float>? {
    drift.map { UnsafeBufferPointer(rebasing: UnsafeBufferPointer($0.values)[size...]) }
  }

  private init(storage: Storage, size: Int) {
    self.storage = storage
    self.size = size
  }

  init(fitted: UnsafeBufferPointer<Float>, heldOut: UnsafeBufferPointer<Float>) {
    self.init(storage: Storage(Array(fitted) + Array(heldOut)), size: fitted.count)
  }

  /// - Parameters:
  ///   - columns: How many there are.
  ///   - tokens: Rows of inputs, as many again held out.
  ///   - correlation: How much of each column all share, 0 to 1.
  ///   - seed: Of the random numbers.
  /// - Returns: Their sums.
  static func input(
    columns: Int, tokens: Int, correlation: Float, seed: UInt64 = 1
  ) -> InputMoments {
    var random = SplitMix64(seed: seed)
    var sums: [Float] = []
    for _ in 0..<2 {
      var sum = [Float](repeating: 0, count: columns * columns)
      for _ in 0..<tokens {
        let shared = random.normal(4)
        let own = random.normal(columns)
        let x = (0..<columns).map { column -> Float in
          let part = correlation * shared[column % 4]
          // Some columns are larger than others.
          return (part + (1 - correlation) * own[column]) * (column % 7 == 0 ? 4 : 1)
        }
        for i in 0..<columns {
          for j in 0..<columns { sum[i * columns + j] += x[i] * x[j] }
        }
      }
      sums += sum
    }
    let source = Moments(storage: Storage(sums), size: columns * columns)
    return InputMoments(
      name: "input", columns: columns, count: Double(tokens), source: source)
  }

  /// Inputs that have lost a part of themselves, of which other columns know: x = o − a·o' with o' the
  /// next column's, and independent o of variance 1.
  ///
  /// - Parameters:
  ///   - columns: How many there are.
  ///   - tokens: As many rows as their expected sums are of.
  ///   - loss: a.
  /// - Returns: Their sums, with drift.
  static func drifted(columns: Int, tokens: Int, loss: Float) -> InputMoments {
    var sum = [Float](repeating: 0, count: columns * columns)
    var drift = sum
    let count = Float(tokens)
    for column in 0..<columns {
      let next = (column + 1) % columns
      sum[column * columns + column] += count * (1 + loss * loss)
      sum[column * columns + next] -= count * loss
      sum[next * columns + column] -= count * loss
      // x (a o')ᵀ: what a column has lost is the next one's, and that has lost of its next.
      drift[next * columns + column] += count * loss
      drift[column * columns + column] -= count * loss * loss
    }
    var source = Moments(storage: Storage(sum + sum), size: columns * columns)
    source.drift = Storage(drift + drift)
    return InputMoments(name: "drifted", columns: columns, count: Double(tokens), source: source)
  }

  /// Σ (x − y) H (x − y) over rows, with the fitted moments.
  func loss(_ values: [Float], _ decoded: [Float], columns: Int) -> Double {
    var total = 0.0
    for row in 0..<values.count / columns {
      let errors = (0..<columns).map {
        Double(values[row * columns + $0]) - Double(decoded[row * columns + $0])
      }
      for i in 0..<columns {
        var product = 0.0
        for j in 0..<columns { product += Double(fitted[i * columns + j]) * errors[j] }
        total += errors[i] * product
      }
    }
    return total
  }
}
