// SPDX-License-Identifier: Apache-2.0

import Layers
import Testing

struct BatchTests {
  @Test(arguments: [[], [1], [4], [2, 0, 3], [1, 1, 1, 1]] as [[Int]])
  func sequencesFollowEachOther(_ lengths: [Int]) {
    let batch = Batch(lengths: lengths)
    #expect(batch.sequenceCount == lengths.count)
    #expect(batch.rowCount == lengths.reduce(0, +))
    #expect(batch.positions == lengths.flatMap { Array(0..<$0) })
    for i in lengths.indices { #expect(batch.starts[i] == lengths[..<i].reduce(0, +)) }
  }

  @Test func positionsGoOnAfterTheOffset() {
    #expect(Batch(lengths: [2, 3], offsets: [10, 0]).positions == [10, 11, 0, 1, 2])
  }

  @Test func keepingSequencesReordersThem() {
    var cache = KeyValueCache(sequenceCount: 3)
    for i in 0..<3 {
      cache.keys[i] = [Float(i)]
      cache.values[i] = [Float(10 + i)]
    }
    cache.keep([2, 0])
    #expect(cache.keys == [[2], [0]])
    #expect(cache.values == [[12], [10]])
  }
}
