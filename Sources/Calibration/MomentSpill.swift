// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Notation

/// Second moments that wait on the disk until all of them are known: they are many times larger than
/// the model's activations.
///
/// Where the file is known that they will become, they wait beside it, block by block, for another run
/// as well. Layout: Formats/journal.md.
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
  /// What an interrupted run has gathered of whole blocks.
  let found: [Block]
  /// Where everything lies that no other run goes on with.
  private let folder: String?
  private let writer: AtomicFileWriter
  private var byteCount: Int
  /// The first entry and byte of the block that runs.
  private var blockStart: (entry: Int, byte: Int)

  /// What else is gathered of a block.
  struct Block {
    var sums: [CalibrationStatistics.Entry] = []
    /// For each weight, the one that has the same inputs.
    var owners: [String: String] = [:]
  }

  /// - Parameters:
  ///   - output: The file that the moments will become; nil: none that is known.
  ///   - resumption: Which other run may go on.
  /// - Throws: ``FileError`` if nothing can be written there.
  init(for output: String? = nil, _ resumption: Resumption? = nil) throws(FileError) {
    guard let output else {
      let folder = try Folder.makeTemporary(prefix: "pare-moments")
      self.folder = folder
      writer = try AtomicFileWriter(path: folder + "/moments", bufferSize: 1 << 20)
      (byteCount, blockStart) = (0, (0, 0))
      found = []
      return
    }
    folder = nil
    let writer = try AtomicFileWriter(path: output, bufferSize: 1 << 20, resumption: resumption)
    let known = try MomentSpill.blocks(of: writer)
    if known == nil { writer.abandon() }
    self.writer =
      known != nil
      ? writer
      : try AtomicFileWriter(path: output, bufferSize: 1 << 20, resumption: resumption)
    entries = known?.flatMap(\.entries) ?? []
    found = known?.map(\.block) ?? []
    byteCount = self.writer.position
    blockStart = (entries.count, byteCount)
  }

  deinit { if folder != nil { discard() } }

  /// Removes everything, also for other runs.
  func discard() {
    writer.abandon()
    if let folder { Folder.removeWithFiles(folder) }
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

  /// Ends a block, of which all moments were appended.
  func endBlock(sums: [CalibrationStatistics.Entry], owners: [String: String]) throws(FileError) {
    let own = entries[blockStart.entry...]
    let moments = byteCount - blockStart.byte
    try write(SavedSums.numbers(of: sums))
    try writer.endPart(MomentSpill.note(own, moments, sums, owners))
    blockStart = (entries.count, byteCount)
  }

  private func write<Number>(_ values: [Number]) throws(FileError) {
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
}

// What a run notes of a block, for another one

extension MomentSpill {
  private static func note(
    _ entries: ArraySlice<Entry>, _ moments: Int, _ sums: [CalibrationStatistics.Entry],
    _ owners: [String: String]
  ) -> String {
    let note: JSON = [
      "moments": .array(
        entries.map { entry in
          [
            "name": .string(entry.name), "columns": .integer(entry.columns),
            "rows": .array(entry.counts.flatMap { [.number($0.fitted), .number($0.heldOut)] }),
            "bytes": .integer(entry.range.count), "driftBytes": .integer(entry.drift.count),
          ]
        }),
      "momentBytes": .integer(moments), "sums": SavedSums.description(of: sums),
      "inputs": .array(
        owners.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
          .map { [.string($0.key), .string($0.value)] }),
    ]
    return note.text()
  }

  /// The blocks that a writer has found finished; nil if they are none.
  private static func blocks(
    of writer: AtomicFileWriter
  ) throws(FileError) -> [(entries: [Entry], block: Block)]? {
    guard !writer.notes.isEmpty else { return [] }
    let file = try MappedFile(path: writer.temporaryPath)
    var blocks: [(entries: [Entry], block: Block)] = []
    for (note, range) in zip(writer.notes, writer.partRanges) {
      guard range.upperBound <= file.bytes.count,
        let read = block(
          note, UnsafeRawBufferPointer(rebasing: file.bytes[range]), range.lowerBound)
      else { return nil }
      blocks.append(read)
    }
    withExtendedLifetime(file) {}
    return blocks
  }

  private static func block(
    _ note: String, _ bytes: UnsafeRawBufferPointer, _ start: Int
  ) -> (entries: [Entry], block: Block)? {
    guard let note = try? JSON(parsing: note), let moments = note["moments"]?.array,
      let momentBytes = note["momentBytes"]?.integer, 0...bytes.count ~= momentBytes,
      let sums = SavedSums.read(
        UnsafeRawBufferPointer(rebasing: bytes[momentBytes...]), described: note["sums"])
    else { return nil }
    var (entries, place) = ([Entry](), 0)
    for moment in moments {
      guard let name = moment["name"]?.string, let columns = moment["columns"]?.integer,
        let rows = moment["rows"]?.array?.compactMap(\.number), rows.count % 2 == 0,
        let count = moment["bytes"]?.integer, 0...(momentBytes - place) ~= count,
        let drift = moment["driftBytes"]?.integer, 0...(momentBytes - place - count) ~= drift
      else { return nil }
      let counts = stride(from: 0, to: rows.count, by: 2).map {
        (fitted: rows[$0], heldOut: rows[$0 + 1])
      }
      let end = start + place + count
      entries.append(
        Entry(
          name: name, columns: columns, counts: counts, range: start + place..<end,
          drift: end..<end + drift))
      place += count + drift
    }
    var owners: [String: String] = [:]
    for pair in note["inputs"]?.array ?? [] {
      guard let names = pair.array?.compactMap(\.string), names.count == 2 else { return nil }
      owners[names[0]] = names[1]
    }
    return (entries, Block(sums: sums, owners: owners))
  }
}
