// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Notation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What a run has gathered so far, beside the file that it will become: another run goes on from there.
///
/// Each state takes the place of the one before. Layout: Formats/journal.md.
final class SumsFile {
  struct State {
    var entries: [CalibrationStatistics.Entry]
    /// How many samples they are of, and how many tokens those have.
    var sampleCount: Int
    var tokenCount: Int
  }

  /// What an interrupted run of the same plan has left.
  let found: State?
  private let path: String
  private let resumption: Resumption
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant
  private var lastEnd: ContinuousClock.Instant?
  private var lastDuration = Duration.zero

  init(for output: String, _ resumption: Resumption) {
    self.resumption = resumption
    path = Resumption.file(of: output + ".sums")
    start = clock.now
    let bytes = try? MappedFile(path: path)
    found = bytes.flatMap { SumsFile.read($0.bytes, plan: resumption.plan) }
    if let bytes, found != nil {
      OpenTemporaries.keep(path, bytes.bytes.count)
    } else {
      unlink(path)
    }
  }

  /// Writes a state, if that takes less than a twentieth of the time; one that cannot be written is
  /// gathered again, at the worst.
  func save(_ state: @autoclosure () -> State) {
    let now = clock.now
    guard now - start >= resumption.patience,
      lastEnd.map({ now - $0 >= max(resumption.patience, lastDuration * 20) }) ?? true
    else { return }
    let bytes = SumsFile.bytes(of: state(), plan: resumption.plan)
    do throws(FileError) {
      let writer = try AtomicFileWriter(path: path)
      try writer.write(bytes)
      try writer.commit()
      OpenTemporaries.keep(path, bytes.count)
    } catch {}
    (lastEnd, lastDuration) = (clock.now, clock.now - now)
  }

  /// Removes what is kept.
  func discard() {
    unlink(path)
    OpenTemporaries.remove(path)
  }

  /// A checksum of all that follows, a line that tells what the numbers are, the numbers.
  private static func bytes(of state: State, plan: String) -> [UInt8] {
    let header: JSON = [
      "plan": .string(plan), "samples": .integer(state.sampleCount),
      "tokens": .integer(state.tokenCount), "sums": SavedSums.description(of: state.entries),
    ]
    var rest = Array((header.text() + "\n").utf8)
    SavedSums.numbers(of: state.entries).withUnsafeBytes { rest.append(contentsOf: $0) }
    let checksum = rest.withUnsafeBytes { Checksum(of: $0) }
    return Array("\(checksum.hexadecimal)\n".utf8) + rest
  }

  private static func read(_ bytes: UnsafeRawBufferPointer, plan: String) -> State? {
    guard bytes.count > 9 else { return nil }
    let rest = UnsafeRawBufferPointer(rebasing: bytes[9...])
    guard bytes[..<9].elementsEqual("\(Checksum(of: rest).hexadecimal)\n".utf8),
      let end = rest.firstIndex(of: UInt8(ascii: "\n")),
      let header = try? JSON(parsing: UnsafeRawBufferPointer(rebasing: rest[..<end])),
      header["plan"]?.string == plan, let samples = header["samples"]?.integer,
      let tokens = header["tokens"]?.integer,
      let entries = SavedSums.read(
        UnsafeRawBufferPointer(rebasing: rest[(end + 1)...]), described: header["sums"])
    else { return nil }
    return State(entries: entries, sampleCount: samples, tokenCount: tokens)
  }
}
