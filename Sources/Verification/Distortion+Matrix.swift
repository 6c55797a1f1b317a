// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import LinearAlgebra
import Parallelism
import Synchronization

extension Distortion {
  /// Elements that a worker takes at once; a fixed number, so that sums are the same on any.
  private static let chunk = 1 << 16

  /// - Precondition: Both have the same shape.
  init(of values: Matrix, decoded: Matrix) {
    let count = values.values.count
    let parts = Mutex(
      [Distortion](
        repeating: Distortion(), count: (count + Distortion.chunk - 1) / Distortion.chunk))
    values.values.withUnsafeBufferPointer { values in
      decoded.values.withUnsafeBufferPointer { decoded in
        let values = SharedReads(values)
        let decoded = SharedReads(decoded)
        Parallel.forEach((count + Distortion.chunk - 1) / Distortion.chunk) { index in
          let start = index * Distortion.chunk
          let length = min(Distortion.chunk, count - start)
          let part = Distortion(
            of: UnsafeBufferPointer(start: values.base + start, count: length),
            decoded: UnsafeBufferPointer(start: decoded.base + start, count: length))
          parts.withLock { $0[index] = part }
        }
      }
    }
    self.init()
    for part in parts.withLock({ $0 }) { add(part) }
  }
}
