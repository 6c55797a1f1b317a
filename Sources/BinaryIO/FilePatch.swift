// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Writes over parts of a file that is there; who has it mapped sees the new bytes.
package final class FilePatch {
  package let path: String
  private let descriptor: Int32

  /// - Throws: ``FileError`` if the file cannot be opened for writing.
  package init(path: String) throws(FileError) {
    self.path = path
    descriptor = open(path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path: path, action: "write to", code: errno) }
  }

  deinit { close(descriptor) }

  /// Writes bytes.
  ///
  /// - Parameters:
  ///   - bytes: The new ones.
  ///   - offset: From the start of the file.
  /// - Throws: ``FileError``; then some of them may be there.
  package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError) {
    var done = 0
    while done < bytes.count {
      let count = pwrite(
        descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset + done))
      if count > 0 {
        done += count
      } else if errno != EINTR {
        throw FileError(path: path, action: "write to", code: errno)
      }
    }
  }
}
