// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Parallelism
import Tensors

/// The part that all writers share: a header, then tensors one behind the other with padding.
final class TensorStream {
  /// A tensor with its place in the file.
  struct Place {
    let tensor: TensorDescription
    /// From the start of the file.
    let offset: Int
    let byteCount: Int
  }

  private let output: AtomicFileWriter
  private let places: [Place]
  /// Where the file ends.
  private let end: Int
  /// The tensor that comes next, and how much of it was written.
  private var current = 0
  private var written = 0
  private(set) var isChecked = false

  var path: String { output.path }
  var notes: [String] { output.notes }

  /// Begins the file with its header, or goes on behind the parts that an earlier run has finished;
  /// `places` are in the order of their offsets.
  init(
    path: String, header: [UInt8], places: [Place], end: Int, resumption: Resumption?
  ) throws(CheckpointError) {
    do throws(FileError) {
      output = try AtomicFileWriter(
        path: path, resumption: resumption?.adding("header \(TensorStream.fingerprint(of: header))")
      )
      try output.requireSpace(end - output.position)
      if output.position == 0 { try output.write(header) }
    } catch { throw CheckpointError(error) }
    self.places = places
    self.end = end
    let position = output.position
    current = places.firstIndex { $0.offset + $0.byteCount > position } ?? places.count
    if current < places.count { written = max(0, position - places[current].offset) }
    try skipComplete()
  }

  private static func fingerprint(of header: [UInt8]) -> String {
    let checksum = header.withUnsafeBytes { Checksum(of: $0).value }
    return "\(header.count) crc32 \(String(checksum, radix: 16))"
  }

  func endPart(_ note: String) throws(CheckpointError) {
    do throws(FileError) { try output.endPart(note) } catch { throw CheckpointError(error) }
  }

  func append(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      guard current < places.count else {
        throw CheckpointError(
          .tooManyBytes, path: path, "\(rest.count) bytes were given after the last tensor")
      }
      let count = min(rest.count, places[current].byteCount - written)
      let part = UnsafeRawBufferPointer(rebasing: rest.prefix(count))
      do throws(FileError) { try output.write(part) } catch { throw CheckpointError(error) }
      written += count
      rest = rest.dropFirst(count)
      try skipComplete()
    }
  }

  /// Reads the file back and compares every tensor.
  ///
  /// - Parameter read: Reads the file with this program's own reader and compares all but the
  ///   tensors.
  /// - Throws: ``CheckpointError``; the old file then stands untouched.
  func check(
    reading read: (MappedFile) throws(CheckpointError) -> [StoredTensor]
  ) throws(CheckpointError) {
    guard current == places.count else {
      throw CheckpointError(
        .unfinished, path: path, tensor: places[current].tensor.name,
        "expected \(places[current].byteCount) bytes, \(written) were given")
    }
    do throws(CheckpointError) {
      // The disk writes while the file is read back, which has reached the system before.
      let written: [WrittenRange]
      do throws(FileError) { written = try output.flush() } catch { throw CheckpointError(error) }
      output.beginSynchronizing()
      let file = try MappedFile.checkpoint(output.temporaryPath)
      try compare(try read(file), in: file)
      try compare(written, with: file)
      do throws(FileError) { try output.synchronize() } catch { throw CheckpointError(error) }
      isChecked = true
    } catch {
      output.abandon()
      // The reader knows the file by a name that the user never sees.
      guard error.path == output.temporaryPath else { throw error }
      throw failure(error.tensor, error.sentence)
    }
  }

  /// Names the file, which was checked.
  func commit() throws(CheckpointError) {
    do throws(FileError) { try output.commit() } catch { throw CheckpointError(error) }
  }

  /// Moves on past complete (also empty) tensors and pads to the next.
  private func skipComplete() throws(CheckpointError) {
    while current < places.count {
      try pad(to: places[current].offset)
      guard written == places[current].byteCount else { return }
      current += 1
      written = 0
    }
    try pad(to: end)
  }

  private func pad(to offset: Int) throws(CheckpointError) {
    guard offset > output.position else { return }
    do throws(FileError) {
      try output.write([UInt8](repeating: 0, count: offset - output.position))
    } catch { throw CheckpointError(error) }
  }

  private func compare(
    _ tensors: [StoredTensor], in file: MappedFile
  ) throws(CheckpointError) {
    guard tensors.count == places.count, file.bytes.count == end else {
      throw failure(
        nil,
        "expected \(places.count) tensors in \(end) bytes, "
          + "found \(tensors.count) in \(file.bytes.count)")
    }
    for (place, tensor) in zip(places, tensors) {
      guard tensor.description == place.tensor, tensor.offset == place.offset,
        tensor.byteCount == place.byteCount
      else {
        throw failure(
          place.tensor.name,
          "expected \(place.tensor.encoding) \(place.tensor.shape), "
            + "found '\(tensor.name)' \(tensor.encoding) \(tensor.shape)")
      }
    }
  }

  private func compare(_ written: [WrittenRange], with file: MappedFile) throws(CheckpointError) {
    let (path, places) = (path, places)
    try Parallel.forEach(written.count) { (index) throws(CheckpointError) in
      let (range, checksum) = (written[index].bytes, written[index].checksum)
      guard Checksum(of: UnsafeRawBufferPointer(rebasing: file.bytes[range])) == checksum else {
        let tensor = places.first { $0.offset + $0.byteCount > range.lowerBound }
        throw TensorStream.failure(
          path, tensor?.tensor.name,
          "bytes \(range.lowerBound) to \(range.upperBound) of the file, of this tensor or one after "
            + "it, are not those that were written")
      }
      file.release(range)
    }
  }

  private func failure(_ tensor: String?, _ sentence: String) -> CheckpointError {
    TensorStream.failure(path, tensor, sentence)
  }

  private static func failure(
    _ path: String, _ tensor: String?, _ sentence: String
  ) -> CheckpointError {
    CheckpointError(
      .verificationFailed, path: path, tensor: tensor,
      "reading the file back: " + sentence + "; check the disk and try again")
  }
}
