// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Parts of a file that outlast their writer.
struct ResumptionTests {
  private static let parts: [[UInt8]] = {
    var random = SplitMix64(seed: 7)
    return [0, 1, 300, 0, 64, 1000, 7, 0].map { count in
      (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
    }
  }()

  private static func note(_ part: Int) -> String { "part \(part), \"ö\"  " }

  private static func resumption(_ plan: String = "a plan") -> Resumption {
    Resumption(plan: plan, patience: .zero)
  }

  /// Writes parts from where an earlier run has ended.
  private static func write(
    _ path: String, upTo count: Int, _ resumption: Resumption = resumption(), half: Bool = false
  ) throws -> AtomicFileWriter {
    let writer = try AtomicFileWriter(path: path, bufferSize: 64, resumption: resumption)
    for part in writer.notes.count..<max(count, writer.notes.count) {
      try writer.write(parts[part])
      try writer.endPart(note(part))
    }
    if half { try writer.write(parts[5].dropLast()) }
    return writer
  }

  private static let whole = parts.flatMap { $0 }

  @Test(
    "whatever part the first run ends after, the second begins there, and the bytes are the same")
  func everyPart() throws {
    let folder = try TemporaryFolder()
    for count in 0...Self.parts.count {
      let path = folder.file("a")
      do { _ = try Self.write(path, upTo: count, half: true) }
      #expect(access(path, F_OK) != 0)
      let kept = OpenTemporaries.kept.first { $0.path.hasPrefix(folder.path) }
      #expect(kept?.byteCount == (count == 0 ? nil : Self.parts[..<count].joined().count))
      let writer = try Self.write(path, upTo: 0)
      #expect(writer.notes == (0..<count).map(Self.note))
      #expect(writer.position == Self.parts[..<count].joined().count)
      for part in count..<Self.parts.count {
        try writer.write(Self.parts[part])
        try writer.endPart(Self.note(part))
      }
      let ranges = try writer.flush()
      #expect(ranges.flatMap(\.bytes).elementsEqual(Self.whole.indices))
      for range in ranges {
        Self.whole[range.bytes].withUnsafeBytes { #expect(range.checksum == Checksum(of: $0)) }
      }
      try writer.commit()
      #expect(try TemporaryFolder.read(path) == Self.whole)
      #expect(try Folder.names(in: folder.path) == ["a"])
      #expect(!OpenTemporaries.kept.contains { $0.path.hasPrefix(folder.path) })
      unlink(path)
    }
  }

  @Test("work that took little time leaves nothing")
  func patience() throws {
    let folder = try TemporaryFolder()
    let resumption = Resumption(plan: "a plan", patience: .seconds(1000))
    do { _ = try Self.write(folder.file("a"), upTo: 5, resumption) }
    #expect(try Folder.names(in: folder.path).isEmpty)
  }

  @Test("what is abandoned, or of another plan, is never gone on with")
  func otherPlans() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a")
    try Self.write(path, upTo: 5).abandon()
    #expect(try Folder.names(in: folder.path).isEmpty)
    do { _ = try Self.write(path, upTo: 5) }
    #expect(try Folder.names(in: folder.path) == [".a.partial", ".a.partial.journal"])
    do {
      let writer = try Self.write(path, upTo: 0, Self.resumption("another plan"))
      #expect(writer.notes.isEmpty && writer.position == 0)
    }
    #expect(try Folder.names(in: folder.path).isEmpty)
  }

  @Test("two writers at once do not share what is kept")
  func twoWriters() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a")
    do { _ = try Self.write(path, upTo: 5) }
    let first = try Self.write(path, upTo: 0)
    let second = try Self.write(path, upTo: 0)
    #expect(first.notes.count == 5 && second.notes.isEmpty)
    #expect(first.temporaryPath != second.temporaryPath)
    try second.write(Self.whole)
    try second.commit()
    try first.write(Self.parts[5...].flatMap { $0 })
    try first.commit()
    #expect(try TemporaryFolder.read(path) == Self.whole)
    #expect(try Folder.names(in: folder.path) == ["a"])
  }

  @Test("whatever byte of journal or file is lost or changed, only good parts are gone on with")
  func damage() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a")
    do { _ = try Self.write(path, upTo: 7) }
    let (file, journal) = (folder.file(".a.partial"), folder.file(".a.partial.journal"))
    let (data, lines) = (try TemporaryFolder.read(file), try TemporaryFolder.read(journal))
    var counts: Set<Int> = []
    func check(_ data: [UInt8], _ lines: [UInt8]) throws {
      try folder.write(data, to: ".a.partial")
      try folder.write(lines, to: ".a.partial.journal")
      let writer = try Self.write(path, upTo: 0)
      let count = writer.notes.count
      counts.insert(count)
      #expect(writer.notes == (0..<count).map(Self.note))
      #expect(writer.position == Self.parts[..<count].joined().count)
      let held = try TemporaryFolder.read(file)
      #expect(held == Array(Self.whole[..<writer.position]))
      writer.abandon()
    }
    for place in lines.indices {
      try check(data, Array(lines[..<place]))
      var changed = lines
      changed[place] ^= 1
      try check(data, changed)
      if place % 7 == 0 { try check(data, Array(lines[..<place] + lines[(place + 1)...])) }
    }
    for place in stride(from: 0, to: data.count, by: 11) {
      try check(Array(data[..<place]), lines)
      var changed = data
      changed[place] ^= 0x80
      try check(changed, lines)
      changed[place...] = [UInt8](repeating: 0, count: data.count - place)[...]
      try check(changed, lines)
    }
    #expect(counts.count > 4)
  }

  @Test("a killed process leaves its parts to the next")
  func killed() async throws {
    let path = AtomicFileWriterTests.meetingPoint("resumed", of: getpid())
    await #expect(processExitsWith: .signal(SIGKILL)) {
      let writer = try ResumptionTests.write(
        AtomicFileWriterTests.meetingPoint("resumed", of: getppid()), upTo: 6)
      _ = try writer.flush()
      kill(getpid(), SIGKILL)
    }
    let writer = try Self.write(path, upTo: 0)
    #expect(writer.notes == (0..<6).map(Self.note))
    writer.abandon()
  }
}
