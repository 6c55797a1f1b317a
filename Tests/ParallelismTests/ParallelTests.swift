// SPDX-License-Identifier: Apache-2.0

import Parallelism
import Synchronization
import Testing

@Suite(.serialized)
struct ParallelTests {
  struct Failure: Error, Equatable {
    let index: Int
  }

  static let workers = [0, 1, 2, 3, 8, 64]

  @Test(arguments: workers, [0, 1, 2, 3, 7, 64, 1000])
  func everyIndexRunsOnce(_ workers: Int, _ count: Int) {
    Parallel.limit(to: workers)
    defer { Parallel.limit(to: 0) }
    let seen = Mutex([Int](repeating: 0, count: count))
    Parallel.forEach(count) { index in seen.withLock { $0[index] += 1 } }
    #expect(seen.withLock { $0 } == [Int](repeating: 1, count: count))
  }

  @Test(arguments: workers)
  func aWorkerMakesItsScratchOnce(_ workers: Int) {
    Parallel.limit(to: workers)
    defer { Parallel.limit(to: 0) }
    let made = Atomic<Int>(0)
    let uses = Mutex<[Int: Int]>([:])
    Parallel.forEach(100, scratch: { made.add(1, ordering: .relaxed).oldValue }) { _, scratch in
      let own = scratch
      uses.withLock { $0[own, default: 0] += 1 }
    }
    #expect(uses.withLock { $0.values.reduce(0, +) } == 100)
    #expect(made.load(ordering: .relaxed) <= (workers == 0 ? 1024 : workers))
    #expect(uses.withLock { $0.keys.allSatisfy { $0 < made.load(ordering: .relaxed) } })
  }

  @Test(arguments: workers)
  func theFirstErrorByIndexIsThrown(_ workers: Int) {
    Parallel.limit(to: workers)
    defer { Parallel.limit(to: 0) }
    let ran = Atomic<Int>(0)
    let failure = #expect(throws: Failure.self) {
      try Parallel.forEach(50) { (index: Int) throws(Failure) in
        ran.add(1, ordering: .relaxed)
        if index % 7 == 6 { throw Failure(index: index) }
      }
    }
    #expect(failure == Failure(index: 6))
    #expect(ran.load(ordering: .relaxed) == 50)
  }

  @Test func regionsMayLieInEachOther() {
    let sum = Atomic<Int>(0)
    Parallel.forEach(8) { outer in
      Parallel.forEach(8) { inner in _ = sum.add(outer * inner, ordering: .relaxed) }
    }
    #expect(sum.load(ordering: .relaxed) == 28 * 28)
  }

  @Test func thereIsAlwaysAWorker() {
    Parallel.limit(to: -3)
    #expect(Parallel.workerCount >= 1)
    Parallel.limit(to: 0)
    #expect(Parallel.workerCount >= 1)
  }
}
