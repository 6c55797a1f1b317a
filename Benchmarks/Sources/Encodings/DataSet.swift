// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import Foundation
import Parallelism

/// Rows of weights in a file of Float32, with an importance for each column.
struct DataSet: Decodable {
  struct Matrix: Decodable {
    let values: String
    let importance: String
    let rows: Int
    let columns: Int
  }

  struct Errors: Encodable {
    let set: String
    let type: String
    /// ‖x − y‖ / ‖x‖; `weighted`: encoded with importance, both norms weighted by it.
    let plain: Double
    let weighted: Double
  }

  let name: String
  let matrices: [Matrix]

  /// Errors over all matrices whose rows are whole blocks; nil if there are none.
  func errors(of subject: Subject) throws -> Errors? {
    var (plain, weighted) = (Distortion(), Distortion())
    for matrix in matrices where matrix.columns % subject.granularity == 0 {
      let values = subject.rounded(
        try Self.floats(matrix.values, count: matrix.rows * matrix.columns))
      let importance = try Self.floats(matrix.importance, count: matrix.columns)
      var losses = [(Distortion, Distortion)](
        repeating: (Distortion(), Distortion()), count: matrix.rows)
      let rows = losses.withUnsafeMutableBufferPointer { Rows(base: $0) }
      Parallel.forEach(matrix.rows) { index in
        let row = index * matrix.columns..<(index + 1) * matrix.columns
        var (one, other) = (Distortion(), Distortion())
        values.withUnsafeBufferPointer { values in
          importance.withUnsafeBufferPointer { importance in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: matrix.columns) { decoded in
              let values = UnsafeBufferPointer(rebasing: values[row])
              subject.decoded(values, importance: nil, into: decoded)
              one.add(values, decoded: UnsafeBufferPointer(decoded))
              subject.decoded(values, importance: importance, into: decoded)
              other.add(values, decoded: UnsafeBufferPointer(decoded), importance: importance)
            }
          }
        }
        rows.base[index] = (one, other)
      }
      for (one, other) in losses {
        plain.add(one)
        weighted.add(other)
      }
    }
    guard plain.count > 0 else { return nil }
    return Errors(
      set: name, type: subject.name, plain: plain.relativeError, weighted: weighted.relativeError)
  }

  private struct Rows: @unchecked Sendable {
    let base: UnsafeMutableBufferPointer<(Distortion, Distortion)>
  }

  private static func floats(_ path: String, count: Int) throws -> [Float] {
    let data = try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
    guard data.count == 4 * count else {
      throw CocoaError(.fileReadCorruptFile, userInfo: [NSFilePathErrorKey: path])
    }
    return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      initialized = data.copyBytes(to: buffer) / 4
    }
  }
}
