// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// An empty folder that is removed with everything in it when the object goes.
package final class TemporaryFolder: Sendable {
  package let path: String

  /// - Throws: ``Failure`` if the system refuses one.
  package init() throws {
    let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    let path = try ["\(parent)/pare-tests-XXXXXX"].map { template in
      var bytes = Array(template.utf8CString)
      guard mkdtemp(&bytes) != nil else { throw Failure() }
      return String(decoding: bytes.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
    self.path = path[0]
  }

  deinit { TemporaryFolder.remove(path) }

  package struct Failure: Error {}

  /// The path of something in the folder.
  package func file(_ name: String) -> String { path + "/" + name }

  /// Writes a small file and returns its path.
  @discardableResult
  package func write(_ bytes: some Collection<UInt8>, to name: String) throws -> String {
    let path = file(name)
    guard let stream = fopen(path, "wb") else { throw Failure() }
    defer { fclose(stream) }
    let array = Array(bytes)
    guard fwrite(array, 1, array.count, stream) == array.count else { throw Failure() }
    return path
  }

  /// Replaces one byte of a file.
  package func patch(_ name: String, at offset: Int, byte: UInt8) throws {
    let descriptor = open(file(name), O_WRONLY)
    guard descriptor >= 0 else { throw Failure() }
    defer { close(descriptor) }
    var byte = byte
    guard pwrite(descriptor, &byte, 1, off_t(offset)) == 1 else { throw Failure() }
  }

  /// The bytes of a small file.
  package static func read(_ path: String) throws -> [UInt8] {
    guard let stream = fopen(path, "rb") else { throw Failure() }
    defer { fclose(stream) }
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = fread(&part, 1, part.count, stream)
      if count == 0 { return bytes }
      bytes += part[..<count]
    }
  }

  private static func remove(_ path: String) {
    guard let folder = opendir(path) else {
      unlink(path)
      return
    }
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: $0.pointee)) {
          String(cString: $0)
        }
      }
      guard name != ".", name != ".." else { continue }
      var status = stat()
      let child = path + "/" + name
      if lstat(child, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
        remove(child)
      } else {
        unlink(child)
      }
    }
    closedir(folder)
    rmdir(path)
  }
}
