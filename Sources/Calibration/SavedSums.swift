// SPDX-License-Identifier: Apache-2.0

import Notation

/// Column sums as an interrupted run leaves them behind, to the last bit.
///
/// For each matrix of each weight the count, the sums of squares and the sums, in F64 of the machine's
/// own byte order; names and sizes stand apart. Layout: Formats/journal.md.
enum SavedSums {
  /// What the numbers are of.
  static func description(of entries: [CalibrationStatistics.Entry]) -> JSON {
    .array(
      entries.map { entry in
        [
          "name": .string(entry.name), "matrices": .integer(entry.matrices.count),
          "columns": .integer(entry.matrices.first?.squares.count ?? 0),
        ]
      })
  }

  static func numbers(of entries: [CalibrationStatistics.Entry]) -> [Double] {
    entries.flatMap { entry in
      entry.matrices.flatMap { [$0.count] + $0.squares + $0.sums }
    }
  }

  /// Reads sums.
  ///
  /// - Returns: nil if the bytes are not those that are described.
  static func read(
    _ bytes: UnsafeRawBufferPointer, described description: JSON?
  ) -> [CalibrationStatistics.Entry]? {
    guard let list = description?.array else { return nil }
    let limit = bytes.count / 8
    var (entries, place) = ([CalibrationStatistics.Entry](), 0)
    func number() -> Double {
      defer { place += 1 }
      return bytes.loadUnaligned(fromByteOffset: place * 8, as: Double.self)
    }
    for item in list {
      guard let name = item["name"]?.string, let matrices = item["matrices"]?.integer,
        let columns = item["columns"]?.integer, 0...limit ~= matrices, 0...limit ~= columns,
        matrices * (1 + 2 * columns) <= limit - place
      else { return nil }
      entries.append(
        CalibrationStatistics.Entry(
          name: name,
          matrices: (0..<matrices).map { _ in
            let count = number()
            let squares = (0..<columns).map { _ in number() }
            return ColumnStatistics(
              count: count, squares: squares, sums: (0..<columns).map { _ in number() })
          }))
    }
    return place * 8 == bytes.count ? entries : nil
  }
}
