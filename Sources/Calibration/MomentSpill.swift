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
    /// Where its bytes lie.
    let range: Range<Int>
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
    for matrix in matrices {
      var failure: FileError?
      let values = matrix.matrices
      values.withUnsafeBytes { bytes in
        do throws(FileError) { try writer.write(bytes) } catch { failure = error }
        byteCount += bytes.count
      }
      if let failure { throw failure }
    }
    entries.append(
      Entry(
        name: name, columns: columns, counts: matrices.map(\.counts), range: start..<byteCount))
  }

  /// Everything that was appended, mapped into memory.
  func finish() throws(FileError) -> MappedFile {
    try writer.commit()
    return try MappedFile(path: folder + "/moments")
  }
}
