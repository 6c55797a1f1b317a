// SPDX-License-Identifier: Apache-2.0

import Tensors
import Testing

struct ShapeTests {
  @Test(
    arguments: [
      ([], 1), ([7], 7), ([2, 3, 4], 24), ([5, 0, 3], 0), ([0, Int.max], 0),
      ([Int.max, 1], Int.max),
      ([Int.max, 2], nil), ([1 << 32, 1 << 31], nil), ([-1, 4], nil), ([4, -1], nil),
      ([Int.max, Int.max, 0], nil),
    ] as [([Int], Int?)])
  func elementsAreCountedWithoutOverflow(_ dimensions: [Int], _ count: Int?) {
    #expect(Shape(dimensions).elementCount == count)
  }

  @Test func rowsAreTheInnermostDimension() {
    #expect(([] as Shape).rowLength == 1)
    #expect(([3, 5] as Shape).rowLength == 5)
    #expect("\([3, 5] as Shape)" == "[3, 5]")
    #expect([3, 5] as Shape != [5, 3])
  }
}
