// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import BlockFormats
import Checkpoints
import Models
import Tensors

/// llama.cpp's files of importance matrices: GGUF, and the older `.dat`.
///
/// Layouts: Formats/imatrix.md.
package enum ImportanceMatrixFile {
  private static let (squares, counts, sums) = (".in_sum2", ".counts", ".in_sum")
  private static let followedKey = "pare.moments.followed"
  /// More rows than any calibration runs; a larger number is no count.
  private static let largestCount = 1e15

  /// Reads a file of either kind.
  ///
  /// - Throws: ``CalibrationError`` that names the file, and the weight where there is one.
  package static func read(_ path: String) throws(CalibrationError) -> CalibrationStatistics {
    let file: MappedFile
    do throws(FileError) { file = try MappedFile(path: path) } catch {
      throw CalibrationError("\(error)")
    }
    defer { withExtendedLifetime(file) {} }
    let isGGUF = file.bytes.prefix(4).elementsEqual("GGUF".utf8)
    guard !isGGUF else { return try readGGUF(path) }
    return try LegacyImportanceMatrix.read(file.bytes, path: path)
  }

  /// Writes a file: `.dat` if the path ends so, else GGUF.
  ///
  /// - Throws: ``CalibrationError`` with the file that could not be written.
  package static func write(
    _ statistics: CalibrationStatistics, to path: String
  ) throws(CalibrationError) {
    if path.hasSuffix(".dat") {
      guard statistics.moments == nil else {
        throw CalibrationError("\(path): .dat holds no second moments; give a name ending in .gguf")
      }
      do throws(FileError) {
        let writer = try AtomicFileWriter(path: path, bufferSize: 1 << 20)
        try writer.write(LegacyImportanceMatrix.bytes(of: statistics))
        try writer.commit()
      } catch { throw CalibrationError("\(error)") }
    } else {
      do throws(CheckpointError) { try writeGGUF(statistics, to: path) } catch {
        throw CalibrationError("\(error)")
      }
    }
  }

  // GGUF

  private static func readGGUF(_ path: String) throws(CalibrationError) -> CalibrationStatistics {
    let checkpoint: Checkpoint
    do throws(CheckpointError) { checkpoint = try Checkpoint(path: path) } catch {
      throw CalibrationError("\(error)")
    }
    guard checkpoint.metadata["general.type"] == .string("imatrix") else {
      throw CalibrationError(
        "\(path): general.type is not 'imatrix'; expected statistics of pare calibrate or of "
          + "llama-imatrix")
    }
    var entries: [CalibrationStatistics.Entry] = []
    for tensor in checkpoint.tensors where tensor.name.hasSuffix(squares) {
      let name = String(tensor.name.dropLast(squares.count))
      guard tensor.encoding == .f32, let countTensor = checkpoint[name + counts],
        countTensor.encoding == .f32
      else {
        throw CalibrationError("\(path): '\(name)': expected sums and counts in F32")
      }
      let (values, counts) = (floats(of: tensor), floats(of: countTensor))
      guard !counts.isEmpty, values.count % counts.count == 0, !values.isEmpty else {
        throw CalibrationError(
          "\(path): '\(name)': \(values.count) sums do not belong to \(counts.count) matrices")
      }
      let sums = checkpoint[name + ImportanceMatrixFile.sums].map(floats) ?? []
      let columns = values.count / counts.count
      var matrices: [ColumnStatistics] = []
      for (index, count) in counts.enumerated() {
        let range = index * columns..<(index + 1) * columns
        matrices.append(
          ColumnStatistics(
            count: Double(count), squares: values[range].map(Double.init),
            sums: sums.count == values.count ? sums[range].map(Double.init) : []))
      }
      entries.append(.init(name: name, matrices: try checked(matrices, name, path)))
    }
    guard !entries.isEmpty else {
      throw CalibrationError("\(path): the file holds no statistics")
    }
    let metadata = checkpoint.metadata
    var statistics = CalibrationStatistics(
      entries: entries, datasets: metadata["imatrix.datasets"]?.strings ?? [],
      window: integer(metadata["imatrix.chunk_size"]),
      windowCount: integer(metadata["imatrix.chunk_count"]),
      checksums: metadata[ModelFiles.checksumsKey]?.strings ?? [])
    statistics.followed = metadata[followedKey]?.string
    return statistics
  }

  private static func integer(_ value: GGUFValue?) -> Int {
    if case .uint32(let number)? = value { Int(number) } else { 0 }
  }

  private static func floats(of tensor: StoredTensor) -> [Float] {
    F32().decode(Array(tensor.bytes))
  }

  /// - Throws: ``CalibrationError`` for numbers that are no counts and sums of squares.
  static func checked(
    _ matrices: [ColumnStatistics], _ name: String, _ path: String
  ) throws(CalibrationError) -> [ColumnStatistics] {
    for matrix in matrices {
      guard matrix.count >= 0, matrix.count < largestCount,
        matrix.squares.allSatisfy({ $0.isFinite && $0 >= 0 })
      else {
        throw CalibrationError(
          "\(path): '\(name)' holds numbers that are no sums of squares; make it again")
      }
    }
    return matrices
  }

  private static func writeGGUF(
    _ statistics: CalibrationStatistics, to path: String
  ) throws(CheckpointError) {
    var metadata: GGUFMetadata = [
      "general.type": .string("imatrix"),
      "imatrix.datasets": .array(GGUFArray(statistics.datasets)),
      "imatrix.chunk_count": .uint32(UInt32(clamping: statistics.windowCount)),
      "imatrix.chunk_size": .uint32(UInt32(clamping: statistics.window)),
    ]
    if !statistics.checksums.isEmpty {
      metadata[ModelFiles.checksumsKey] = .array(GGUFArray(statistics.checksums))
    }
    if let followed = statistics.followed { metadata[followedKey] = .string(followed) }
    var tensors: [(TensorDescription, [Float])] = []
    for entry in statistics.entries {
      let count = entry.matrices.count
      let columns = entry.matrices.first?.squares.count ?? 0
      func add(_ suffix: String, _ width: Int, _ values: [Double]) {
        tensors.append(
          (
            TensorDescription(
              name: entry.name + suffix, encoding: .f32, shape: Shape([count, width])),
            values.map(Float.init)
          ))
      }
      add(counts, 1, entry.matrices.map(\.count))
      let known = entry.matrices.flatMap(\.sums)
      if known.count == count * columns { add(sums, columns, known) }
      add(squares, columns, entry.matrices.flatMap(\.squares))
    }
    let moments = statistics.moments
    moments?.append(to: &metadata)
    let writer = try GGUFWriter(
      path: path, metadata: metadata,
      tensors: tensors.map(\.0) + (moments?.descriptions ?? []))
    for (_, values) in tensors {
      var failure: CheckpointError?
      F32().encode(values).withUnsafeBytes { bytes in
        do throws(CheckpointError) { try writer.append(bytes) } catch { failure = error }
      }
      if let failure { throw failure }
    }
    try moments?.write(to: writer)
    try writer.finish()
  }
}
