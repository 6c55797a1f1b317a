// SPDX-License-Identifier: Apache-2.0

import BinaryIO

/// llama.cpp's older files of importance matrices, `.dat`: Formats/imatrix.md.
///
/// A number is the mean of x² times a number of calls; matrices of experts lie one behind the other.
enum LegacyImportanceMatrix {
  /// Reads the bytes of a file.
  ///
  /// - Throws: ``CalibrationError`` with the byte at which it is no such file.
  static func read(
    _ bytes: UnsafeRawBufferPointer, path: String
  ) throws(CalibrationError) -> CalibrationStatistics {
    var reader = Reader(ByteReader(bytes), path: path)
    // Each entry takes at least twelve bytes.
    let count = try reader.count(upTo: bytes.count / 12)
    var entries: [CalibrationStatistics.Entry] = []
    for _ in 0..<count {
      let name = try reader.text(upTo: 1024)
      let calls = try reader.count(upTo: Int(Int32.max))
      let columns = try reader.count(upTo: bytes.count / 4)
      var squares: [Double] = []
      squares.reserveCapacity(columns)
      for _ in 0..<columns { squares.append(Double(try reader.float())) }
      // The numbers of all calls together: their mean is what counts.
      let matrix = ColumnStatistics(count: Double(calls), squares: squares, sums: [])
      entries.append(
        .init(name: name, matrices: try ImportanceMatrixFile.checked([matrix], name, path)))
    }
    var datasets: [String] = []
    var windows = 0
    if !reader.isAtEnd {
      windows = try reader.count(upTo: Int(Int32.max))
      datasets = [try reader.text(upTo: 1 << 16)]
    }
    return CalibrationStatistics(
      entries: entries, datasets: datasets, window: 0, windowCount: windows, checksums: [])
  }

  /// The bytes of a file; weights through which nothing went are left out, as llama.cpp does.
  static func bytes(of statistics: CalibrationStatistics) -> [UInt8] {
    var bytes: [UInt8] = []
    func append(_ number: Int) {
      withUnsafeBytes(of: Int32(clamping: number).littleEndian) { bytes += Array($0) }
    }
    let entries = statistics.entries.filter { $0.matrices.contains { $0.count > 0 } }
    append(entries.count)
    for entry in entries {
      append(entry.name.utf8.count)
      bytes += Array(entry.name.utf8)
      let most = entry.matrices.map(\.count).max() ?? 0
      let calls = max(1, (most / Double(max(1, statistics.window))).rounded(.up))
      append(Int(calls))
      append(entry.matrices.reduce(0) { $0 + $1.squares.count })
      for matrix in entry.matrices {
        for square in matrix.squares {
          let mean = matrix.count > 0 ? square / matrix.count : 1
          withUnsafeBytes(of: Float(mean * calls).bitPattern.littleEndian) { bytes += Array($0) }
        }
      }
    }
    append(statistics.windowCount)
    let dataset = Array((statistics.datasets.first ?? "").utf8)
    append(dataset.count)
    return bytes + dataset
  }

  /// A cursor that says where a file is no importance matrix.
  private struct Reader {
    private var reader: ByteReader
    private let path: String

    init(_ reader: ByteReader, path: String) {
      self.reader = reader
      self.path = path
    }

    var isAtEnd: Bool { reader.remaining == 0 }

    private func failure() -> CalibrationError {
      CalibrationError(
        "\(path): byte \(reader.position): expected an importance matrix of llama.cpp, in GGUF or "
          + "as .dat; the file is something else, or cut off")
    }

    mutating func count(upTo most: Int) throws(CalibrationError) -> Int {
      guard let number = try? reader.read(Int32.self), number > 0, Int(number) <= most else {
        throw failure()
      }
      return Int(number)
    }

    mutating func float() throws(CalibrationError) -> Float {
      guard let bits = try? reader.read(UInt32.self) else { throw failure() }
      return Float(bitPattern: bits)
    }

    mutating func text(upTo most: Int) throws(CalibrationError) -> String {
      let length = try count(upTo: most)
      guard let bytes = try? reader.take(UInt64(length)),
        let text = String(validating: bytes, as: UTF8.self)
      else { throw failure() }
      return text
    }
  }
}
