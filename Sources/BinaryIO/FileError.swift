// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A system call on a file that failed.
package struct FileError: Error, CustomStringConvertible, Sendable {
  package let path: String
  /// What was tried, as a verb phrase: `"open"`, `"write to"`.
  package let action: String
  /// The system's `errno`.
  package let code: Int32

  package init(path: String, action: String, code: Int32) {
    self.path = path
    self.action = action
    self.code = code
  }

  package var description: String {
    let reason = String(cString: strerror(code))
    let remedy =
      switch code {
      case ENOENT: "; check the path"
      case EACCES, EPERM: "; check its permissions"
      case ENOSPC, EDQUOT: "; free some space or choose another disk"
      case EROFS: "; choose another folder"
      case EISDIR: "; name a file in it"
      case EINVAL: "; name a regular file"
      default: ""
      }
    return "\(path): cannot \(action) it: \(reason)\(remedy)"
  }
}

extension FileError {
  /// Whether nothing stands under the path.
  package var isMissingFile: Bool { code == ENOENT || code == ENOTDIR }
}
