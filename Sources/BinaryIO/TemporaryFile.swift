// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Names, makes and clears the temporary files of ``AtomicFileWriter``.
///
/// Whoever writes one holds a lock on it. The lock ends with its process, however that ends, so
/// a file that can be locked is stale. (A process id in the name would not tell: ids are used
/// again, and differ between containers that share a folder.)
enum TemporaryFile {
  /// Makes a locked, empty file for a target and removes the stale ones.
  static func create(for path: String) throws(FileError) -> (path: String, descriptor: Int32) {
    removeStale(for: path)
    let stem = folder(of: path) + "/" + prefix(for: path) + String(getpid())
    for attempt in 0..<1000 {
      let temporary = attempt == 0 ? stem : "\(stem)-\(attempt)"
      let descriptor = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      guard descriptor >= 0 else {
        if errno == EEXIST { continue }
        throw FileError(path: path, action: "create", code: errno)
      }
      // Where locks are not supported nothing is ever taken for stale.
      _ = flock(descriptor, LOCK_EX | LOCK_NB)
      // Another writer may have taken the file for stale before it was locked.
      var status = stat()
      if fstat(descriptor, &status) == 0, status.st_nlink > 0 { return (temporary, descriptor) }
      close(descriptor)
    }
    throw FileError(path: path, action: "create a temporary file beside", code: EEXIST)
  }

  /// Opens and locks the one temporary file that an interrupted run leaves to the next.
  ///
  /// - Returns: nil if another process is writing it, or locks are not supported.
  static func resumable(for path: String) -> (path: String, descriptor: Int32)? {
    removeStale(for: path)
    let temporary = Resumption.file(of: path)
    for _ in 0..<100 {
      let descriptor = open(temporary, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666)
      guard descriptor >= 0 else { return nil }
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
        close(descriptor)
        return nil
      }
      // Who held the lock before may have given the file its final name.
      var (own, named) = (stat(), stat())
      if fstat(descriptor, &own) == 0, lstat(temporary, &named) == 0, own.st_ino == named.st_ino,
        own.st_dev == named.st_dev, own.st_mode & S_IFMT == S_IFREG
      {
        return (temporary, descriptor)
      }
      close(descriptor)
    }
    return nil
  }

  static func removeStale(for path: String) {
    let folder = folder(of: path)
    let prefix = prefix(for: path)
    for name in (try? Folder.names(in: folder)) ?? [] where name.hasPrefix(prefix) {
      let stale = folder + "/" + name
      let descriptor = open(stale, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
      guard descriptor >= 0 else { continue }
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unlink(stale) }
      close(descriptor)
    }
  }

  /// `.NAME.partial-`; a name near the limit of 255 bytes is cut and told apart by its checksum.
  static func prefix(for path: String) -> String {
    let name = name(of: path)
    guard name.utf8.count > 200 else { return ".\(name).partial-" }
    let checksum = Array(name.utf8).withUnsafeBytes { Checksum(of: $0).value }
    return ".\(String(name.unicodeScalars.prefix(40)))-\(String(checksum, radix: 16)).partial-"
  }

  static func folder(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  static func name(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return path }
    return String(path[path.utf8.index(after: slash)...])
  }
}
