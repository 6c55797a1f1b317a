// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Writes a file that appears under its name only when it is complete.
///
/// The bytes go to a temporary file in the target's folder, `.NAME.partial-PID`; ``commit()``
/// makes them durable and renames the temporary over the target. Until then, and if the process
/// dies, what stood under the name stays. The temporary is removed when the writer is abandoned
/// or goes out of scope, and those of killed processes by the next writer to the same target.
/// A target that is a symbolic link is replaced itself, not what it points to.
package final class AtomicFileWriter {
  /// The name under which the file appears in the end.
  package let path: String
  /// The file that is written until then.
  package let temporaryPath: String
  /// How many bytes were appended so far.
  package private(set) var position = 0

  private var descriptor: Int32
  private let writeBehind: WriteBehind

  /// Begins a file; up to `bufferSize` bytes are gathered before a system call.
  ///
  /// Calls return before their bytes are written; a failure is thrown by a later one, at the latest
  /// by ``synchronize()``.
  ///
  /// - Throws: ``FileError`` if the folder is missing or not writable, or something that is no
  ///   regular file stands under the name; nothing is left behind.
  package init(path: String, bufferSize: Int = 4 << 20) throws(FileError) {
    var status = stat()
    if lstat(path, &status) == 0 {
      let kind = status.st_mode & S_IFMT
      guard kind == S_IFREG || kind == S_IFLNK else {
        throw FileError(path: path, action: "replace", code: kind == S_IFDIR ? EISDIR : EINVAL)
      }
    }
    let temporary = try OpenTemporaries.adding { () throws(FileError) in
      try TemporaryFile.create(for: path)
    }
    self.path = path
    temporaryPath = temporary.path
    descriptor = temporary.descriptor
    writeBehind = WriteBehind(descriptor: descriptor, bufferSize: bufferSize)
  }

  deinit { abandon() }

  /// Checks that the disk has room for a file of this size; nothing is set aside.
  ///
  /// Hours of work then do not end in a full disk.
  ///
  /// - Throws: ``FileError`` with `ENOSPC` if it has not.
  package func requireSpace(_ byteCount: Int) throws(FileError) {
    var status = statvfs()
    guard fstatvfs(descriptor, &status) == 0, status.f_frsize > 0 else { return }
    let blocks = (UInt64(max(byteCount, 0)) + UInt64(status.f_frsize) - 1) / UInt64(status.f_frsize)
    guard blocks <= UInt64(status.f_bavail) else { throw failure("write to", ENOSPC) }
  }

  /// Appends bytes.
  ///
  /// - Throws: ``FileError``, for instance `ENOSPC`; the writer is then abandoned.
  package func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    try requireOpen()
    try check(writeBehind.append(bytes))
    position += bytes.count
  }

  /// Appends the bytes of an array.
  package func write(_ bytes: [UInt8]) throws(FileError) {
    let result: Result<Void, FileError> = bytes.withUnsafeBytes { bytes in
      do throws(FileError) { return .success(try write(bytes)) } catch { return .failure(error) }
    }
    try result.get()
  }

  /// Hands everything to the system.
  ///
  /// - Returns: The ranges that were written, with checksums: the whole file, in order.
  package func flush() throws(FileError) -> [WrittenRange] {
    try requireOpen()
    try check(writeBehind.flush())
    return writeBehind.writtenRanges
  }

  /// Has everything brought to the disk, without waiting for it.
  package func beginSynchronizing() { writeBehind.beginSynchronizing() }

  /// Hands everything to the system and waits until it is on the disk.
  package func synchronize() throws(FileError) {
    try requireOpen()
    writeBehind.beginSynchronizing()
    try check(writeBehind.wait())
  }

  /// Makes the file durable and gives it its name.
  ///
  /// - Throws: ``FileError``; the old target then stands untouched and the temporary is gone.
  package func commit() throws(FileError) {
    try synchronize()
    guard rename(temporaryPath, path) == 0 else { throw failure("replace", errno) }
    OpenTemporaries.remove(temporaryPath)
    close(descriptor)
    descriptor = -1
    // The name itself is durable only with its folder. Some file systems cannot sync one.
    let folder = open(TemporaryFile.folder(of: path), O_RDONLY | O_CLOEXEC)
    guard folder >= 0 else { return }
    defer { close(folder) }
    guard fsync(folder) == 0 || errno == EINVAL || errno == ENOTSUP else {
      throw FileError(path: path, action: "write the folder of", code: errno)
    }
  }

  /// Removes the temporary file; after ``commit()`` this does nothing.
  package func abandon() {
    guard descriptor >= 0 else { return }
    _ = writeBehind.wait()
    unlink(temporaryPath)
    OpenTemporaries.remove(temporaryPath)
    close(descriptor)
    descriptor = -1
  }

  private func requireOpen() throws(FileError) {
    guard descriptor >= 0 else { throw FileError(path: path, action: "write to", code: EBADF) }
  }

  private func check(_ code: Int32) throws(FileError) {
    guard code == 0 else { throw failure("write to", code) }
  }

  private func failure(_ action: String, _ code: Int32) -> FileError {
    abandon()
    return FileError(path: path, action: action, code: code)
  }
}
