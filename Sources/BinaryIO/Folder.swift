// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What a folder holds.
package enum Folder {
  /// Whether a path is a folder, following symbolic links.
  package static func exists(at path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// The names of everything in a folder except `.` and `..`, in byte order.
  ///
  /// Names that are not UTF-8 are left out: no path in this program can spell them.
  ///
  /// - Throws: ``FileError`` if it cannot be read.
  package static func names(in path: String) throws(FileError) -> [String] {
    guard let folder = opendir(path) else {
      throw FileError(path: path, action: "list", code: errno)
    }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: $0.pointee)) {
          String(validatingCString: $0)
        }
      }
      guard let name, name != ".", name != ".." else { continue }
      names.append(name)
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }
}

extension Folder {
  /// Whether two paths lead to the same file; false if one leads to none.
  package static func isSameFile(_ a: String, _ b: String) -> Bool {
    var (left, right) = (stat(), stat())
    return stat(a, &left) == 0 && stat(b, &right) == 0 && left.st_dev == right.st_dev
      && left.st_ino == right.st_ino
  }

  /// Makes a folder and what is missing above it.
  ///
  /// - Returns: The folders that were made, outermost first.
  /// - Throws: ``FileError`` if one cannot be made, or something else has the name.
  @discardableResult
  package static func make(at path: String) throws(FileError) -> [String] {
    guard !exists(at: path), !path.isEmpty else { return [] }
    var made: [String] = []
    if let slash = path.lastIndex(of: "/"), slash != path.startIndex {
      made = try make(at: String(path[..<slash]))
    }
    guard mkdir(path, 0o777) == 0 else {
      let code = errno
      // The path ended in a slash, or another process was faster.
      if code == EEXIST, exists(at: path) { return made }
      removeEmpty(made)
      throw FileError(path: path, action: "make a folder of", code: code)
    }
    OpenTemporaries.add(path)
    return made + [path]
  }

  /// Checks that files can be made in a folder, or the folder where it is missing, as far as that
  /// can be known beforehand.
  ///
  /// - Throws: ``FileError`` if they cannot, or something else has the name.
  package static func requireWritable(at path: String) throws(FileError) {
    if exists(at: path) {
      guard access(path, W_OK | X_OK) == 0 else {
        throw FileError(path: path, action: "write to", code: errno)
      }
      return
    }
    guard access(path, F_OK) != 0 else {
      throw FileError(path: path, action: "make a folder of", code: ENOTDIR)
    }
    try requireWritable(at: parent(of: path))
  }

  /// The folder that a path lies in.
  package static func parent(of path: String) -> String {
    let slash = path.lastIndex(of: "/")
    return slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
  }

  /// Makes a folder of its own name where the system keeps temporary files.
  ///
  /// - Throws: ``FileError`` if it cannot be made.
  package static func makeTemporary(prefix: String) throws(FileError) -> String {
    let parent = getenv("TMPDIR").flatMap { String(validatingCString: $0) } ?? "/tmp"
    var template = Array("\(parent)/\(prefix)-XXXXXX".utf8CString)
    let made = template.withUnsafeMutableBufferPointer { buffer in
      buffer.baseAddress.flatMap { mkdtemp($0) }.flatMap { String(validatingCString: $0) }
    }
    guard let made else { throw FileError(path: parent, action: "make a folder in", code: errno) }
    OpenTemporaries.add(made)
    return made
  }

  /// Removes a folder with the files in it; what is mapped of them stays readable.
  package static func removeWithFiles(_ path: String) {
    for name in (try? names(in: path)) ?? [] { unlink("\(path)/\(name)") }
    removeEmpty([path])
  }

  /// Removes folders that are empty, innermost first; others stay.
  package static func removeEmpty(_ paths: [String]) {
    for path in paths.reversed() {
      rmdir(path)
      OpenTemporaries.remove(path)
    }
  }

  /// The path of a name in a folder, whether or not the folder's path ends in a slash.
  package static func path(of name: String, in folder: String) -> String {
    folder.hasSuffix("/") ? folder + name : folder + "/" + name
  }
}
