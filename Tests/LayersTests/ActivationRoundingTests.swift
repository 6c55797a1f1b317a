// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import Layers
import LinearAlgebra
import TestSupport
import Tensors
import Testing

struct ActivationRoundingTests {
  private static let columns = 512

  private static func matrix(_ seed: UInt64, scale: Float) -> Matrix {
    var random = SplitMix64(seed: seed)
    return Matrix(
      rows: 3, columns: columns, values: random.normal(3 * columns).map { $0 * scale })
  }

  /// The block that shares a step, and how far the step itself may be rounded: a share of it, or half
  /// of the least number that its precision has.
  @Test(
    "each element is at most half a step off, and the step is that of its own block",
    arguments: [
      (ActivationRounding.bytes, 32, 0x1p-11, 0x1p-25), (.longBytes, 256, 0x1p-22, 0),
    ], [1e-3, 1, 1e3] as [Float])
  func bytes(_ kind: (ActivationRounding, Int, Double, Double), _ scale: Float) {
    let (rounding, block, precision, least) = kind
    let inputs = Self.matrix(1, scale: scale)
    let outputs = rounding(inputs)
    for start in stride(from: 0, to: inputs.values.count, by: block) {
      let x = inputs.values[start..<start + block]
      let y = outputs.values[start..<start + block]
      let largest = Double(x.map(abs).max() ?? 0)
      let step = largest / 127
      for (a, b) in zip(x, y) {
        // The code is the nearest; its value is off by the step's own rounding as well.
        let own = max(largest * precision, 127 * least)
        #expect(abs(Double(a) - Double(b)) <= step * (0.5 + 1e-4) + own)
      }
      // No more codes than a byte has, symmetric about 0.
      #expect(Set(y).count <= 255)
    }
  }

  @Test("numbers of the type stay as they are, and zeros stay zeros")
  func fixed() {
    let small = Matrix(rows: 1, columns: 256, values: (0..<256).map { Float($0 % 16) * 0.25 })
    #expect(ActivationRounding.half(small) == small)
    #expect(ActivationRounding.bfloat(small) == small)
    #expect(ActivationRounding.none(small) == small)
    let zeros = Matrix(rows: 2, columns: 256)
    for rounding in [ActivationRounding.half, .bfloat, .bytes, .longBytes] {
      #expect(rounding(zeros) == zeros)
    }
  }

  @Test("only what follows an element's own block is untouched by it")
  func locality() {
    var inputs = Self.matrix(2, scale: 1)
    let before = ActivationRounding.longBytes(inputs)
    inputs.values[300] *= 100
    let after = ActivationRounding.longBytes(inputs)
    let changed = zip(before.values, after.values).enumerated()
      .filter { $0.element.0 != $0.element.1 }.map(\.offset)
    #expect(changed.allSatisfy { (256..<512).contains($0) } && changed.contains(300))
  }
}
