// SPDX-License-Identifier: Apache-2.0

import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The temporary files that are being written and the folders that were made for them, so that an
/// interrupted program can remove them.
package enum OpenTemporaries {
  private static let paths = Mutex<Set<String>>([])

  static func add(_ path: String) { _ = paths.withLock { $0.insert(path) } }

  /// Makes a file and adds it, so that there is no moment at which it exists unknown.
  static func adding(
    _ make: () throws(FileError) -> (path: String, descriptor: Int32)
  ) throws(FileError) -> (path: String, descriptor: Int32) {
    let result: Result<(path: String, descriptor: Int32), FileError> = paths.withLock { paths in
      do throws(FileError) {
        let made = try make()
        paths.insert(made.path)
        return .success(made)
      } catch { return .failure(error) }
    }
    return try result.get()
  }

  static func remove(_ path: String) { _ = paths.withLock { $0.remove(path) } }

  /// Removes them all and ends the process.
  ///
  /// What is still written to them is lost; folders that hold more stay. Nothing new is begun in between: whoever tries waits for the end.
  package static func removeAll(andExit status: Int32) -> Never {
    paths.withLock { paths in
      // What lies in a folder has the longer path.
      for path in paths.sorted(by: { $0.utf8.count > $1.utf8.count }) where unlink(path) != 0 {
        rmdir(path)
      }
      _exit(status)
    }
  }
}
