// SPDX-License-Identifier: Apache-2.0

import Quantization
import Testing

struct ReorderedMomentsTests {
  /// Sums in an array of their own.
  private final class Sums: InputMoments.Source {
    nonisolated(unsafe) let fitted: UnsafeBufferPointer<Float>
    nonisolated(unsafe) let heldOut: UnsafeBufferPointer<Float>

    init(_ fitted: [Float], _ heldOut: [Float]) {
      func copy(_ values: [Float]) -> UnsafeBufferPointer<Float> {
        let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: values.count)
        _ = buffer.initialize(from: values)
        return UnsafeBufferPointer(buffer)
      }
      (self.fitted, self.heldOut) = (copy(fitted), copy(heldOut))
    }

    deinit {
      fitted.deallocate()
      heldOut.deallocate()
    }
  }

  private func products(_ x: [Float]) -> [Float] { x.flatMap { a in x.map { a * $0 } } }

  @Test("moments in another order are those of inputs in that order")
  func order() {
    let (a, b): ([Float], [Float]) = ([1, 2, 3, 5], [7, 11, 13, 17])
    let places = [2, 0, 3, 1]
    let moments = InputMoments(
      name: "a", columns: 4, count: 1, source: Sums(products(a), products(b)))
    let reordered = moments.reordered(places)
    #expect(Array(reordered.source.fitted) == products(places.map { a[$0] }))
    #expect(Array(reordered.source.heldOut) == products(places.map { b[$0] }))
    #expect(reordered.source.fittedDrift == nil && reordered.name != moments.name)
    let divided = moments.divided(by: [1, 2, 4, 8], label: "b").reordered(places)
    #expect(divided.divisors == [4, 1, 8, 2])
  }
}
