// SPDX-License-Identifier: Apache-2.0

import Quantization
import Tensors
import TestSupport
import Testing

struct BitAllocationTests {
  private typealias Option = BitAllocation<Encoding>.Option

  private static let encodings: [Encoding] = [.q2_K, .q3_K, .q4_K, .q6_K]

  /// Tensors whose losses fall with bytes, by random amounts.
  private static func tensors(_ count: Int, seed: UInt64) -> [[Option]] {
    var random = SplitMix64(seed: seed)
    return (0..<count).map { _ in
      var (bytes, loss) = (Int.random(in: 1...20, using: &random), 8.0)
      return encodings.map { encoding in
        bytes += Int.random(in: 1...20, using: &random)
        loss *= .random(in: 0.1..<0.9, using: &random)
        return Option(type: encoding, byteCount: bytes, loss: loss)
      }
    }
  }

  private static func sums(_ options: [Option]) -> (bytes: Int, loss: Double) {
    options.reduce((0, 0)) { ($0.0 + $1.byteCount, $0.1 + $1.loss) }
  }

  /// The least loss of all choices that fit.
  private static func best(_ tensors: [[Option]], bytes: Int) -> Double {
    guard let first = tensors.first else { return 0 }
    let rest = Array(tensors.dropFirst())
    return first.filter { $0.byteCount <= bytes }
      .map { $0.loss + best(rest, bytes: bytes - $0.byteCount) }.min() ?? .infinity
  }

  @Test("a choice keeps the bytes, and no other loses less at the bytes that it takes")
  func optimal() {
    for seed in 0..<20 {
      let tensors = Self.tensors(5, seed: UInt64(seed))
      let allocation = BitAllocation(tensors)
      for bytes in stride(from: allocation.leastByteCount, to: 300, by: 7) {
        guard let choice = allocation.choice(bytes: bytes) else { continue }
        let found = Self.sums(choice)
        #expect(found.bytes <= bytes)
        // The last step that does not fit is all that can be missing.
        let gap = tensors.flatMap { zip($0, $0.dropFirst()).map { $0.loss - $1.loss } }.max() ?? 0
        #expect(found.loss <= Self.best(tensors, bytes: bytes) + gap)
      }
    }
  }

  @Test("more bytes never lose more, and a bound on the loss takes no more than it needs")
  func monotonic() throws {
    let allocation = BitAllocation(Self.tensors(30, seed: 99))
    var last = Double.infinity
    for bytes in stride(from: allocation.leastByteCount, to: 2_000, by: 50) {
      let found = Self.sums(try #require(allocation.choice(bytes: bytes)))
      // A refused step may let others in that save less together.
      #expect(found.loss <= last * 1.05)
      last = min(last, found.loss)
      let same = Self.sums(try #require(allocation.choice(loss: found.loss)))
      #expect(same.loss <= found.loss)
    }
  }

  @Test("what no choice can keep is refused")
  func impossible() {
    let allocation = BitAllocation([
      [
        Option(type: .q4_K, byteCount: 10, loss: 1),
        Option(type: .q8_0, byteCount: 20, loss: 0.5),
      ]
    ])
    #expect(allocation.choice(bytes: 9) == nil)
    #expect(allocation.choice(loss: 0.4) == nil)
    #expect(allocation.choice(bytes: 19)?.first?.type == .q4_K)
    #expect(allocation.choice(bytes: 20)?.first?.type == .q8_0)
    #expect(allocation.choice(loss: 1)?.first?.type == .q4_K)
  }

  @Test("options that lose more at more bytes are never chosen")
  func dominated() {
    let good = Option(type: .q4_K, byteCount: 10, loss: 1)
    let allocation = BitAllocation([[good, Option(type: .q5_0, byteCount: 12, loss: 2)]])
    #expect(allocation.choice(bytes: 100) == [good])
  }
}
