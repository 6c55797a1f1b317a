// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Tells which parts of an unfinished file are finished.
///
/// Layout: Formats/journal.md. It lies beside the file from the moment on that its work is worth keeping. Nothing waits for the
/// disk: whoever goes on trusts neither the journal nor the file, but compares their checksums.
final class Journal {
  /// Bytes that follow those of the part before.
  struct Part {
    let range: WrittenRange
    /// What the writer wants to know of it again.
    let note: String
  }

  private let file: String
  private let path: String
  private let resumption: Resumption
  private let start = ContinuousClock.now
  private var descriptor: Int32 = -1
  /// Parts that are not in the journal yet.
  private var pending: [Part] = []

  /// Whether the file is kept when its writer is interrupted.
  var isKept: Bool { descriptor >= 0 }

  /// - Parameters:
  ///   - file: The unfinished file.
  ///   - resumption: When it is kept, and who may go on with it.
  init(of file: String, _ resumption: Resumption) {
    self.file = file
    path = Journal.path(of: file)
    self.resumption = resumption
  }

  deinit { close() }

  static func path(of file: String) -> String { file + ".journal" }

  /// Finds the parts of an earlier run that are still good, and goes on behind them.
  ///
  /// - Returns: None if there is no journal of the same plan; then what is there is forgotten.
  func resume() -> [Part] {
    let (parts, length) = goodParts()
    guard !parts.isEmpty, open(truncatingAt: length) else {
      // First of all: no moment may have the old journal beside a new file.
      unlink(path)
      OpenTemporaries.remove(file)
      OpenTemporaries.add(file)
      return []
    }
    OpenTemporaries.keep(file, parts.last?.range.bytes.upperBound ?? 0)
    return parts
  }

  /// Tells of a part that was handed to the system.
  func append(_ part: Part) {
    pending.append(part)
    guard isKept || ContinuousClock.now - start >= resumption.patience else { return }
    OpenTemporaries.keep(file, part.range.bytes.upperBound) {
      if !isKept {
        guard open(truncatingAt: 0) else { return false }
        write(Journal.line(header))
      }
      write(pending.reduce(into: "") { $0 += Journal.line($1) })
      pending = []
      return true
    }
  }

  /// Ends the journal; the file is finished, or worth nothing.
  func remove() {
    close()
    unlink(path)
  }

  func close() {
    guard descriptor >= 0 else { return }
    systemClose(descriptor)
    descriptor = -1
  }

  private var header: String {
    "pare journal 1 " + resumption.plan.filter { !$0.isNewline }
  }

  /// The parts whose lines and bytes are as they were written, and how long their lines are.
  private func goodParts() -> (parts: [Part], length: Int) {
    guard let journal = try? MappedFile(path: path), let data = try? MappedFile(path: file) else {
      return ([], 0)
    }
    var lines = Journal.lines(of: journal.bytes)[...]
    guard let first = lines.popFirst(), first.text == header else { return ([], 0) }
    var (parts, length, start) = ([Part](), first.end, 0)
    for line in lines {
      guard let part = Journal.part(line.text, from: start),
        part.range.bytes.upperBound <= data.bytes.count
      else { break }
      let range = part.range.bytes
      let bytes = UnsafeRawBufferPointer(rebasing: data.bytes[range])
      guard Checksum(of: bytes) == part.range.checksum else { break }
      data.release(range)
      parts.append(part)
      (length, start) = (line.end, range.upperBound)
    }
    return (parts, length)
  }

  private func open(truncatingAt length: Int) -> Bool {
    let opened = systemOpen(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW)
    guard opened >= 0 else { return false }
    guard ftruncate(opened, off_t(length)) == 0 else {
      systemClose(opened)
      return false
    }
    descriptor = opened
    return true
  }

  /// A part that could not be told of is made again, at the worst.
  private func write(_ text: String) {
    var text = text
    text.withUTF8 { bytes in
      _ = systemWrite(descriptor, UnsafeRawBufferPointer(bytes))
    }
  }
}

// Lines

extension Journal {
  /// A line: the checksum of what follows it, a space, the text.
  private static func line(_ text: String) -> String {
    "\(checksum(of: text).hexadecimal) \(text)\n"
  }

  private static func line(_ part: Part) -> String {
    let note = part.note.filter { !$0.isNewline }
    return line(
      "\(part.range.bytes.upperBound) \(part.range.checksum.hexadecimal) \(note)")
  }

  /// The lines that are whole, up to the first that is not, with where each ends.
  private static func lines(of bytes: UnsafeRawBufferPointer) -> [(text: String, end: Int)] {
    var lines: [(text: String, end: Int)] = []
    var start = 0
    while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
      let line = String(decoding: bytes[start..<end], as: UTF8.self)
      guard let space = line.firstIndex(of: " ") else { break }
      let text = String(line[line.index(after: space)...])
      guard line[..<space] == checksum(of: text).hexadecimal else { break }
      start = end + 1
      lines.append((text, start))
    }
    return lines
  }

  private static func part(_ text: String, from start: Int) -> Part? {
    let words = text.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
    guard words.count == 3, let end = Int(words[0]), end >= start,
      let checksum = UInt32(words[1], radix: 16)
    else { return nil }
    return Part(
      range: WrittenRange(bytes: start..<end, checksum: Checksum(value: checksum)),
      note: String(words[2]))
  }

  private static func checksum(of text: String) -> Checksum {
    var text = text
    return text.withUTF8 { Checksum(of: UnsafeRawBufferPointer($0)) }
  }
}

// Methods of the same names hide the system's.

private func systemOpen(_ path: String, _ flags: Int32) -> Int32 { open(path, flags, 0o666) }
private func systemClose(_ descriptor: Int32) { close(descriptor) }
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
  write(descriptor, bytes.baseAddress, bytes.count)
}
