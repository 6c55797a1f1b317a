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
/// With a ``Resumption`` the temporary is `.NAME.partial`, and stays where finished parts of it are
/// worth keeping: the next writer of the same plan begins behind them.
/// A target that is a symbolic link is replaced itself, not what it points to.
package final class AtomicFileWriter {
  /// The name under which the file appears in the end.
  package let path: String
  /// The file that is written until then.
  package let temporaryPath: String
  /// How many bytes were appended so far, with those of an earlier run.
  package private(set) var position: Int
  /// What an earlier run of the same plan noted with ``endPart(_:)``: the parts that are there.
  package let notes: [String]
  /// Where those parts lie.
  package let partRanges: [Range<Int>]

  private var descriptor: Int32
  private let writeBehind: WriteBehind
  /// Touched by the writing thread alone, until that has ended.
  private let journal: Journal?

  /// Begins a file; up to `bufferSize` bytes are gathered before a system call.
  ///
  /// Calls return before their bytes are written; a failure is thrown by a later one, at the latest
  /// by ``synchronize()``.
  ///
  /// - Parameters:
  ///   - path: The name under which the file appears in the end.
  ///   - bufferSize: Bytes that are gathered for a system call.
  ///   - resumption: What a later run must have in common to go on; nil: none can.
  /// - Throws: ``FileError`` if the folder is missing or not writable, or something that is no
  ///   regular file stands under the name; nothing is left behind.
  package init(
    path: String, bufferSize: Int = 4 << 20, resumption: Resumption? = nil
  ) throws(FileError) {
    var status = stat()
    if lstat(path, &status) == 0 {
      let kind = status.st_mode & S_IFMT
      guard kind == S_IFREG || kind == S_IFLNK else {
        throw FileError(path: path, action: "replace", code: kind == S_IFDIR ? EISDIR : EINVAL)
      }
    }
    var parts: [Journal.Part] = []
    if let resumption,
      let file = OpenTemporaries.opening({ TemporaryFile.resumable(for: path) })
    {
      let journal = Journal(of: file.path, resumption)
      parts = journal.resume()
      (temporaryPath, descriptor) = file
      self.journal = journal
    } else {
      (temporaryPath, descriptor) = try OpenTemporaries.adding { () throws(FileError) in
        try TemporaryFile.create(for: path)
      }
      journal = nil
    }
    self.path = path
    notes = parts.map(\.note)
    partRanges = parts.map(\.range.bytes)
    position = parts.last?.range.bytes.upperBound ?? 0
    writeBehind = WriteBehind(
      descriptor: descriptor, bufferSize: bufferSize, behind: parts.map(\.range))
    guard ftruncate(descriptor, off_t(position)) == 0 else { throw failure("write to", errno) }
  }

  deinit { end(keepingParts: true) }

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

  /// Ends a part: a later run of the same plan can go on behind it.
  ///
  /// - Parameter note: What that run will want to know of the part, in a line of text.
  /// - Throws: ``FileError`` of an earlier write.
  package func endPart(_ note: String) throws(FileError) {
    guard let journal else { return }
    try requireOpen()
    writeBehind.endPart { journal.append(Journal.Part(range: $0, note: note)) }
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
    // A journal without its file would stay for ever; a file without its journal is made again.
    journal?.remove()
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

  /// Removes the temporary file and what is known of its parts; after ``commit()`` this does nothing.
  package func abandon() { end(keepingParts: false) }

  private func end(keepingParts: Bool) {
    guard descriptor >= 0 else { return }
    _ = writeBehind.wait()
    if let journal, keepingParts, journal.isKept {
      journal.close()
    } else {
      journal?.remove()
      unlink(temporaryPath)
      OpenTemporaries.remove(temporaryPath)
    }
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
    end(keepingParts: true)
    return FileError(path: path, action: action, code: code)
  }
}
