// SPDX-License-Identifier: Apache-2.0

import CKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file mapped read-only into memory: bytes are paged in when touched and never copied.
///
/// The mapping lives as long as the object. Everything that hands out parts of it keeps a
/// reference.
package final class MappedFile: Sendable {
  /// The path as the user gave it, for messages.
  package let path: String
  /// The mapped bytes; empty for an empty file.
  package nonisolated(unsafe) let bytes: UnsafeRawBufferPointer
  private let isMapping: Bool

  /// Maps `path`, following symbolic links.
  ///
  /// - Throws: ``FileError`` if the path is missing, unreadable, no regular file, or unmappable.
  package init(path: String) throws(FileError) {
    self.path = path
    // A pipe that nobody writes to would be waited for.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw FileError(path: path, action: "open", code: errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw FileError(path: path, action: "read the size of", code: errno)
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      let code = status.st_mode & S_IFMT == S_IFDIR ? EISDIR : EINVAL
      throw FileError(path: path, action: "read", code: code)
    }
    let size = Int(status.st_size)
    guard size > 0 else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      isMapping = false
      return
    }
    let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0)
    guard let address, address != MAP_FAILED else {
      throw FileError(path: path, action: "map", code: errno)
    }
    bytes = UnsafeRawBufferPointer(start: address, count: size)
    isMapping = true
  }

  /// Wraps bytes that are already in memory (copied), so that readers can be tested and fuzzed
  /// without a file.
  package init(path: String, copying source: UnsafeRawBufferPointer) {
    self.path = path
    let copy = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(source.count, 1), alignment: 64)
    copy.copyMemory(from: source)
    bytes = UnsafeRawBufferPointer(start: copy.baseAddress, count: source.count)
    isMapping = false
  }

  deinit {
    if isMapping {
      munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
    } else if bytes.baseAddress != nil {
      bytes.deallocate()
    }
  }

  /// Gives the pages of a byte range back to the system; they are read again when next touched.
  ///
  /// - Parameter range: Byte offsets within the file. Only whole pages inside it are released.
  package func release(_ range: Range<Int>) {
    guard isMapping, let base = bytes.baseAddress else { return }
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let lower = (range.lowerBound + page - 1) / page * page
    let upper = min(range.upperBound, bytes.count) / page * page
    guard upper > lower else { return }
    madvise(UnsafeMutableRawPointer(mutating: base + lower), upper - lower, MADV_DONTNEED)
  }
}
