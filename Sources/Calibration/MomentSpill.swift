// SPDX-License-Identifier: Apache-2.0

import BinaryIO

/// Second moments that wait on the disk until all of them are known: they are many times larger than
/// the model's activations.
final class MomentSpill {
  /// Of the inputs of one weight: for each matrix (one an expert) both sums.
  struct Entry {
    let name: String
    let columns: Int
    /// Of each matrix: rows fitted to, rows held out.
    let counts: [(fitted: Double, heldOut: Double)]
    /// Where its bytes lie, and those of its drift, if it has any.
    let range: Range<Int>
    let drift: Range<Int>
  }

  private(set) var entries: [Entry] = []
  private let folder: String
  private let writer: AtomicFileWriter
  private var byteCount = 0

  init() throws(FileError) {
    folder = try Folder.makeTemporary(prefix: "pare-moments")
    writer = try AtomicFileWriter(path: folder + "/moments", bufferSize: 1 << 20)
  }

  deinit {
    writer.abandon()
    Folder.removeWithFiles(folder)
  }

  /// Appends the sums of one weight's inputs.
  func append(_ name: String, _ matrices: [MomentSums]) throws(FileError) {
    guard let columns = matrices.first?.columns else { return }
    let start = byteCount
    for matrix in matrices { try write(matrix.matrices) }
    let end = byteCount
    for matrix in matrices { try write(matrix.drifts) }
    entries.append(
      Entry(
        name: name, columns: columns, counts: matrices.map(\.counts), range: start..<end,
        drift: end..<byteCount))
  }

  /// Appends the sums that several runs have of one weight's inputs.
  ///
  /// - Precondition: They are of the same shape.
  func append(_ name: String, merging all: [CalibrationMoments.Entry]) throws(FileError) {
    guard let first = all.first else { return }
    let start = byteCount
    let values = all.map { $0.bytes.bindMemory(to: Float.self) }
    for row in stride(from: 0, to: values[0].count, by: max(1, first.columns)) {
      try write(
        (row..<row + first.columns).map { place in
          Float(values.reduce(0.0) { $0 + Double($1[place]) })
        })
    }
    let counts = first.counts.indices.map { place in
      all.reduce(0.0) { $0 + Double($1.counts[place]) }
    }
    entries.append(
      Entry(
        name: name, columns: first.columns,
        counts: stride(from: 0, to: counts.count, by: 2).map { (counts[$0], counts[$0 + 1]) },
        range: start..<byteCount, drift: byteCount..<byteCount))
  }

  private func write(_ values: [Float]) throws(FileError) {
    var failure: FileError?
    values.withUnsafeBytes { bytes in
      do throws(FileError) { try writer.write(bytes) } catch { failure = error }
      byteCount += bytes.count
    }
    if let failure { throw failure }
  }

  /// Everything that was appended so far, mapped into memory.
  func read() throws(FileError) -> MappedFile {
    _ = try writer.flush()
    return try MappedFile(path: writer.temporaryPath)
  }

  /// Everything that was appended, mapped into memory.
  func finish() throws(FileError) -> MappedFile {
    try writer.commit()
    return try MappedFile(path: folder + "/moments")
  }
}
