// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import Checkpoints
import Layers
import LinearAlgebra
package import Models
import Parallelism
import Quantization
package import Tensors

/// How far a parameter is from itself in one encoding or another, on some of its rows.
package struct EncodingErrors {
  /// Elements that are looked at.
  private static let elementCount = 1 << 19

  private let parameter: Parameter
  private let columns: Int
  /// Some rows, one behind the other, of each matrix.
  private let samples: [(values: [Float], importance: [Float]?)]

  /// Reads rows from all over a parameter.
  ///
  /// - Parameters:
  ///   - source: The parameter, with the rows that it will be stored with.
  ///   - importance: The weight of each column's error, for each expert; nil: all alike.
  /// - Throws: ``ModelError`` if its tensors cannot be read.
  package init(of source: BoundParameter, importance: [[Float]?]?) throws(ModelError) {
    parameter = source.parameter
    let columns = max(1, source.parameter.ggufShape.rowLength)
    self.columns = columns
    let rows = (parameter.shape.elementCount ?? 0) / columns
    let matrices = try source.matrices(rows: rows, order: .gguf)
    let share = EncodingErrors.elementCount / columns / max(1, matrices.count)
    var samples: [(values: [Float], importance: [Float]?)] = []
    for (index, matrix) in matrices.enumerated() {
      let count = min(max(1, share), matrix.rows)
      var values = [Float](repeating: 0, count: count * columns)
      values.withUnsafeMutableBufferPointer { values in
        for place in 0..<count {
          let row = place * matrix.rows / count
          matrix.decode(
            rows: row..<row + 1,
            into: UnsafeMutableBufferPointer(
              rebasing: values[place * columns..<(place + 1) * columns]))
        }
      }
      let own = importance.flatMap { $0.indices.contains(index) ? $0[index] : nil }
      samples.append((values, own?.count == columns ? own : nil))
    }
    self.samples = samples
  }

  /// ‖x − y‖² / ‖x‖² with the values y of an encoding, weighted by importance; nil where rows are no
  /// whole blocks.
  package func relativeSquaredError(in encoding: Encoding) -> Double? {
    guard columns % encoding.elementsPerBlock == 0,
      let format = BlockFormats.format(for: encoding), format.canEncode
    else { return nil }
    let encoder = TileEncoder(format: format, columns: columns)
    return error { row, importance, decoded in
      encoder.roundTrip(row, importance, into: decoded)
    }
  }

  /// The same for a packed type; nil where rows are no whole groups.
  ///
  /// - Parameters:
  ///   - target: The type.
  ///   - numbers: What scales are stored as.
  /// - Returns: ‖x − y‖² / ‖x‖².
  package func relativeSquaredError(in target: PackedTarget, numbers: Encoding) -> Double? {
    guard let size = target.groupSize(fitting: columns) else { return nil }
    let packing = PackedEncoding(
      scheme: target.scheme(groupSize: size), numbers: target.offset == .none ? nil : numbers)
    let encoder = PackedTileEncoder(groups: packing.encoder(), columns: columns)
    return error { row, importance, decoded in
      encoder.roundTrip(row, importance, into: decoded)
    }
  }

  /// The same for anything that gives rows as they are stored; it is called on several threads.
  private func error(
    _ store:
      @Sendable (UnsafeBufferPointer<Float>, [Float]?, UnsafeMutableBufferPointer<Float>) -> Void
  ) -> Double {
    var distortion = Distortion()
    for sample in samples {
      let (values, columns) = (sample.values, columns)
      let rows = values.count / columns
      let stored = Matrix(rows: rows, columns: columns) { stored in
        let stored = DisjointWrites(stored)
        values.withUnsafeBufferPointer { values in
          let values = SharedReads(values)
          Parallel.forEach(rows) { row in
            let start = row * columns
            store(
              UnsafeBufferPointer(start: values.base + start, count: columns), sample.importance,
              UnsafeMutableBufferPointer(start: stored.base + start, count: columns))
          }
        }
      }
      for row in 0..<rows {
        distortion.add(
          Array(values[row * columns..<(row + 1) * columns]), decoded: Array(stored.row(row)),
          importance: sample.importance)
      }
    }
    return distortion.relativeSquaredError
  }
}

extension Distortion {
  /// Adds a row.
  fileprivate mutating func add(_ values: [Float], decoded: [Float], importance: [Float]?) {
    values.withUnsafeBufferPointer { values in
      decoded.withUnsafeBufferPointer { decoded in
        guard let importance else { return add(values, decoded: decoded) }
        importance.withUnsafeBufferPointer { add(values, decoded: decoded, importance: $0) }
      }
    }
  }
}
