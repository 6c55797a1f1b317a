// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import Layers
import LinearAlgebra
import Parallelism

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Numbers that a weight is made of.
struct Numbers: Weight.Source, @unchecked Sendable {
  let bytes: UnsafeRawBufferPointer

  /// Pseudo-random values between -1 and 1; they stay for the life of the program.
  init(count: Int) {
    let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
    _ = values.initialize(fromContentsOf: Numbers.values(count))
    bytes = UnsafeRawBufferPointer(values)
  }

  func release() {}

  static func values(_ count: Int) -> [Float] {
    var state: UInt64 = 1
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(Int32(truncatingIfNeeded: state >> 32)) / 2_147_483_648
    }
  }
}

/// Times `[rows, inner]` inputs through a linear layer of `[columns, inner]` weights in f32, as a
/// forward pass does it, and prints the median as JSON.
@main
struct Multiply {
  static func main() {
    let arguments = CommandLine.arguments.dropFirst().compactMap { Int($0) }
    guard arguments.count == 5, arguments.allSatisfy({ $0 > 0 }) else {
      print("usage: Multiply ROWS COLUMNS INNER THREADS REPEATS")
      exit(64)
    }
    let (rows, columns, inner) = (arguments[0], arguments[1], arguments[2])
    Parallel.limit(to: arguments[3])
    let layer = Linear(
      weight: Weight(
        source: Numbers(count: columns * inner), format: F32(), rows: columns, columns: inner))
    let inputs = Matrix(rows: rows, columns: inner, values: Numbers.values(rows * inner))
    var checksum = layer(inputs).values.first ?? 0
    let clock = ContinuousClock()
    let times = (0..<arguments[4]).map { _ in
      clock.measure { checksum += layer(inputs).values.last ?? 0 }
    }
    let median = times.sorted()[times.count / 2] / .seconds(1)
    print(
      "{\"seconds\": \(median), \"core\": \"\(BLAS.coreName)\", \"sum\": \(checksum)}")
  }
}
