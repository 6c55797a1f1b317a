// SPDX-License-Identifier: Apache-2.0

import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The temporary files that are being written and the folders that were made for them, so that an
/// interrupted program can remove them, all but what another run can go on with.
package enum OpenTemporaries {
  private struct State {
    var paths: Set<String> = []
    /// Those that stay, with how much of them is finished.
    var kept: [String: Int] = [:]
  }

  private static let state = Mutex(State())

  /// What stays if the program ends now, by path.
  package static var kept: [KeptWork] { state.withLock { list($0.kept) } }

  static func add(_ path: String) { _ = state.withLock { $0.paths.insert(path) } }

  /// Tells that a file stays, and how much of it is finished by now.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - byteCount: How much of it is finished.
  ///   - write: Notes that; it is done before the program can end in between, and false if it cannot be.
  package static func keep(_ path: String, _ byteCount: Int, _ write: () -> Bool = { true }) {
    state.withLock {
      guard write() else { return }
      $0.paths.remove(path)
      $0.kept[path] = byteCount
    }
  }

  /// Makes a file and adds it, so that there is no moment at which it exists unknown.
  static func adding(
    _ make: () throws(FileError) -> (path: String, descriptor: Int32)
  ) throws(FileError) -> (path: String, descriptor: Int32) {
    let result: Result<(path: String, descriptor: Int32), FileError> = state.withLock { state in
      do throws(FileError) {
        let made = try make()
        state.paths.insert(made.path)
        return .success(made)
      } catch { return .failure(error) }
    }
    return try result.get()
  }

  /// Opens a file that may hold kept work; if none is told of, it is added to what is removed.
  static func opening(
    _ open: () -> (path: String, descriptor: Int32)?
  ) -> (path: String, descriptor: Int32)? {
    state.withLock { state -> (path: String, descriptor: Int32)? in
      guard let opened = open() else { return nil }
      let size = Int(lseek(opened.descriptor, 0, SEEK_END))
      if size > 0, access(Journal.path(of: opened.path), F_OK) == 0 {
        state.kept[opened.path] = size
      } else {
        state.paths.insert(opened.path)
      }
      return opened
    }
  }

  package static func remove(_ path: String) {
    state.withLock {
      $0.paths.remove(path)
      $0.kept[path] = nil
    }
  }

  /// Removes them all, except for what is kept, and ends the process.
  ///
  /// What is still written to them is lost; folders that hold more stay. Nothing new is begun in
  /// between: whoever tries waits for the end.
  ///
  /// - Parameters:
  ///   - status: Of the process.
  ///   - tell: Receives what stays.
  package static func removeAll(andExit status: Int32, tell: ([KeptWork]) -> Void) -> Never {
    state.withLock { state in
      // What lies in a folder has the longer path.
      for path in state.paths.sorted(by: { $0.utf8.count > $1.utf8.count }) where unlink(path) != 0
      {
        rmdir(path)
      }
      tell(list(state.kept))
      _exit(status)
    }
  }

  private static func list(_ kept: [String: Int]) -> [KeptWork] {
    kept.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      .map { KeptWork(path: $0.key, byteCount: $0.value) }
  }
}
