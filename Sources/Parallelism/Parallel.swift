// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The program's only threads: a fixed division of work, taken up by as many workers as allowed.
///
/// The division never depends on the number of workers, so that results are the same bits for
/// any of them.
package enum Parallel {
  private static let limit = Atomic<Int>(0)

  /// Workers that run at once: the processors of the machine, unless ``limit(to:)`` said less.
  package static var workerCount: Int {
    let chosen = limit.load(ordering: .relaxed)
    return chosen > 0 ? chosen : max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
  }

  /// Sets the number of workers; 0 means one a processor.
  package static func limit(to count: Int) {
    limit.store(max(0, count), ordering: .relaxed)
  }

  /// Runs `body` once for each index of `0..<count`, in any order, and waits for all.
  package static func forEach(_ count: Int, _ body: @Sendable (Int) -> Void) {
    forEach(count, scratch: {}) { index, _ in body(index) }
  }

  /// Runs `body` once for each index of `0..<count`, with a scratch value that each worker makes
  /// once and uses for all of its indices.
  package static func forEach<Scratch>(
    _ count: Int, scratch: @Sendable () -> Scratch, _ body: @Sendable (Int, inout Scratch) -> Void
  ) {
    let workers = min(workerCount, count)
    guard workers > 1 else {
      guard count > 0 else { return }
      var own = scratch()
      for index in 0..<count { body(index, &own) }
      return
    }
    let next = Atomic<Int>(0)
    DispatchQueue.concurrentPerform(iterations: workers) { _ in
      var own = scratch()
      while true {
        let index = next.add(1, ordering: .relaxed).oldValue
        guard index < count else { return }
        body(index, &own)
      }
    }
  }

  /// The first error that a body throws, by index and not by time, is thrown on.
  package static func forEach<Failure: Error>(
    _ count: Int, throwing body: @Sendable (Int) throws(Failure) -> Void
  ) throws(Failure) {
    let failures = Mutex<[(Int, Failure)]>([])
    forEach(count) { index in
      do throws(Failure) {
        try body(index)
      } catch {
        failures.withLock { $0.append((index, error)) }
      }
    }
    let first = failures.withLock { found in found.min { $0.0 < $1.0 } }
    if let first { throw first.1 }
  }
}
