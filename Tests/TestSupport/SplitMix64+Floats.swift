// SPDX-License-Identifier: Apache-2.0

extension SplitMix64 {
  /// Nearly normal numbers with mean 0 and variance 1: sums of twelve uniform ones.
  package mutating func normal(_ count: Int) -> [Float] {
    (0..<count).map { _ in
      (0..<12).reduce(-6) { sum, _ in sum + Float(next() >> 40) * 0x1p-24 }
    }
  }
}
