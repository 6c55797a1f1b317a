// SPDX-License-Identifier: Apache-2.0

import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The temporary files that are being written, so that an interrupted program can remove them.
package enum OpenTemporaries {
  private static let paths = Mutex<Set<String>>([])

  static func add(_ path: String) { _ = paths.withLock { $0.insert(path) } }

  static func remove(_ path: String) { _ = paths.withLock { $0.remove(path) } }

  /// Removes them all; what is still written to them is lost.
  package static func removeAll() {
    for path in paths.withLock({ $0 }) { unlink(path) }
  }
}
