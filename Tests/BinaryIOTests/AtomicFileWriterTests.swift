// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

struct AtomicFileWriterTests {
  @Test("The bytes arrive whatever the sizes of writes and buffer", arguments: [1, 7, 64, 4096])
  func bytesArrive(_ bufferSize: Int) throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a")
    var random = SplitMix64(seed: UInt64(bufferSize))
    var expected: [UInt8] = []
    let writer = try AtomicFileWriter(path: path, bufferSize: bufferSize)
    for _ in 0..<100 {
      let part = (0..<Int.random(in: 0...200, using: &random)).map { _ in
        UInt8.random(in: 0...255, using: &random)
      }
      try writer.write(part)
      expected += part
      #expect(writer.position == expected.count)
    }
    let ranges = try writer.flush()
    #expect(ranges.flatMap(\.bytes).elementsEqual(expected.indices))
    for range in ranges {
      expected[range.bytes].withUnsafeBytes { #expect(range.checksum == Checksum(of: $0)) }
    }
    #expect(access(path, F_OK) != 0)
    try writer.commit()
    #expect(try TemporaryFolder.read(path) == expected)
    #expect(try Folder.names(in: folder.path) == ["a"])
  }

  @Test("A buffer of several system calls, the last one short, arrives in order")
  func largeBuffer() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a")
    // No period divides the length of a call.
    let expected = (0..<3_000_001).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 / 251) }
    let writer = try AtomicFileWriter(path: path, bufferSize: 4 << 20)
    try writer.write(expected)
    try writer.commit()
    #expect(try TemporaryFolder.read(path) == expected)
  }

  @Test("A writer that is dropped or abandoned leaves the old file and nothing else")
  func abandoned() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write([1, 2, 3], to: "a")
    do {
      let writer = try AtomicFileWriter(path: path)
      try writer.write([9])
      #expect(try Folder.names(in: folder.path).count == 2)
    }
    let writer = try AtomicFileWriter(path: path)
    writer.abandon()
    let error = #expect(throws: FileError.self) { try writer.write([1]) }
    #expect(error?.code == EBADF)
    #expect(try Folder.names(in: folder.path) == ["a"])
    #expect(try TemporaryFolder.read(path) == [1, 2, 3])
  }

  @Test("Folders, devices and missing folders are refused, without debris")
  func refused() throws {
    let folder = try TemporaryFolder()
    let cases = [(folder.path, EISDIR), ("/dev/null", EINVAL), (folder.file("x/y"), ENOENT)]
    for (path, code) in cases {
      let error = #expect(throws: FileError.self) { try AtomicFileWriter(path: path) }
      #expect(error?.code == code)
      #expect(error?.path == path)
    }
    #expect(try Folder.names(in: folder.path).isEmpty)
  }

  @Test("A folder that may not be written to is refused", .enabled(if: geteuid() != 0))
  func unwritable() throws {
    let folder = try TemporaryFolder()
    chmod(folder.path, 0o500)
    defer { chmod(folder.path, 0o700) }
    let error = #expect(throws: FileError.self) { try AtomicFileWriter(path: folder.file("a")) }
    #expect(error?.code == EACCES)
  }

  @Test("A file larger than the disk is refused before it is begun")
  func noSpace() throws {
    let folder = try TemporaryFolder()
    let writer = try AtomicFileWriter(path: folder.file("a"))
    try writer.requireSpace(1)
    let error = #expect(throws: FileError.self) { try writer.requireSpace(.max) }
    #expect(error?.code == ENOSPC)
    #expect(try Folder.names(in: folder.path).isEmpty)
  }

  @Test("Two writers to one target do not disturb each other; the last one stays")
  func twoWriters() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a")
    let first = try AtomicFileWriter(path: path)
    let second = try AtomicFileWriter(path: path)
    #expect(first.temporaryPath != second.temporaryPath)
    try first.write([1])
    try second.write([2])
    try second.commit()
    try first.commit()
    #expect(try TemporaryFolder.read(path) == [1])
    #expect(try Folder.names(in: folder.path) == ["a"])
  }

  @Test("Names of 255 bytes have room for a temporary name")
  func longName() throws {
    let folder = try TemporaryFolder()
    let name = String(repeating: "é", count: 127) + "x"
    let writer = try AtomicFileWriter(path: folder.file(name))
    try writer.commit()
    #expect(try Folder.names(in: folder.path) == [name])
  }

  /// Where a test and the child process that it starts meet.
  static func meetingPoint(_ name: String, of process: pid_t) -> String {
    "/tmp/pare-tests-\(name)-\(process)"
  }

  @Test("A killed process leaves the old file, and the next writer removes what it began")
  func killed() async throws {
    let path = Self.meetingPoint("killed", of: getpid())
    defer { unlink(path) }
    let old = try AtomicFileWriter(path: path)
    try old.write([1, 2, 3])
    try old.commit()
    await #expect(processExitsWith: .signal(SIGKILL)) {
      let writer = try AtomicFileWriter(
        path: AtomicFileWriterTests.meetingPoint("killed", of: getppid()), bufferSize: 1)
      try writer.write([9, 9])
      kill(getpid(), SIGKILL)
    }
    func debris() throws -> [String] {
      try Folder.names(in: "/tmp").filter { $0.hasPrefix(".pare-tests-killed-\(getpid()).") }
    }
    #expect(try TemporaryFolder.read(path) == [1, 2, 3])
    #expect(try debris().count == 1)
    let writer = try AtomicFileWriter(path: path)
    try writer.write([4])
    try writer.commit()
    #expect(try debris().isEmpty)
    #expect(try TemporaryFolder.read(path) == [4])
  }

  @Test("A write that the system refuses throws and removes what was begun")
  func writeRefused() async throws {
    let path = Self.meetingPoint("refused", of: getpid())
    defer { unlink(path) }
    let old = try AtomicFileWriter(path: path)
    try old.write([1, 2, 3])
    try old.commit()
    await #expect(processExitsWith: .success) {
      signal(SIGXFSZ, SIG_IGN)
      var limit = rlimit(rlim_cur: 1000, rlim_max: 1000)
      #if os(Linux)
        #expect(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
      #else
        #expect(setrlimit(RLIMIT_FSIZE, &limit) == 0)
      #endif
      let path = AtomicFileWriterTests.meetingPoint("refused", of: getppid())
      let writer = try AtomicFileWriter(path: path, bufferSize: 16)
      let error = #expect(throws: FileError.self) {
        try writer.write([UInt8](repeating: 0, count: 2000))
      }
      #expect(error?.code == EFBIG)
      #expect(access(writer.temporaryPath, F_OK) != 0)
      #expect(try TemporaryFolder.read(path) == [1, 2, 3])
    }
  }
}
