// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import Layers
import Models
import Parallelism
import Synchronization
import Tensors

/// How the values of a parameter differ between two models.
///
/// Sums go over tiles in their order: the same bits for any number of workers.
struct WeightStatistics: Sendable {
  /// Of the candidate's values from the reference's.
  private(set) var distortion = Distortion()
  /// Σ y² of the candidate.
  private(set) var candidateEnergy = 0.0
  /// Values that are NaN or infinite.
  private(set) var nonFinite = (reference: 0, candidate: 0)
  private(set) var rowCount = 0
  /// Rows that are the reference's times another factor than 1.
  private(set) var rescaledRowCount = 0
  /// Rows no closer to the reference's than zeros would be, with the energy of the latter.
  private var remoteRows: [(row: Int, energy: Double)] = []

  /// Elements that are expanded at once, by one worker.
  private static let tileElements = 1 << 16

  private init() {}

  /// Reads both, tile by tile.
  ///
  /// - Throws: ``ModelError`` if rows are not stored as whole blocks.
  init(of pair: ParameterPair) throws(ModelError) {
    let shape = pair.reference.parameter.shape
    let elements = shape.elementCount ?? 0
    let isVector = shape.dimensions.count < 2
    // The rows of a vector in another order are its elements.
    let isReordered = [pair.reference, pair.candidate].contains { $0.isReordered(for: .model) }
    let rows = isVector ? (isReordered ? elements : 1) : shape.dimensions.first ?? 1
    let ours = try pair.reference.matrices(rows: rows, order: .model)
    let theirs = try pair.candidate.matrices(rows: rows, order: .model)
    for (a, b) in zip(ours, theirs) {
      add(WeightStatistics(of: a, b, judgingRows: !isVector))
      a.source.release()
      b.source.release()
    }
  }

  private init(of reference: Weight, _ candidate: Weight, judgingRows: Bool) {
    let columns = reference.columns
    let tile = max(1, WeightStatistics.tileElements / max(1, columns))
    let count = (reference.rows + tile - 1) / tile
    let parts = Mutex([WeightStatistics?](repeating: nil, count: count))
    Parallel.forEach(
      count,
      scratch: {
        (
          [Float](repeating: 0, count: min(tile, reference.rows) * columns),
          [Float](repeating: 0, count: min(tile, reference.rows) * columns)
        )
      }
    ) { index, scratch in
      let rows = index * tile..<min(reference.rows, (index + 1) * tile)
      var part = WeightStatistics()
      scratch.0.withUnsafeMutableBufferPointer { ours in
        scratch.1.withUnsafeMutableBufferPointer { theirs in
          let a = UnsafeMutableBufferPointer(rebasing: ours[..<(rows.count * columns)])
          let b = UnsafeMutableBufferPointer(rebasing: theirs[..<(rows.count * columns)])
          reference.decode(rows: rows, into: a)
          candidate.decode(rows: rows, into: b)
          part.add(
            UnsafeBufferPointer(a), UnsafeBufferPointer(b), rows: rows, columns: columns,
            judgingRows: judgingRows)
        }
      }
      parts.withLock { [part] in $0[index] = part }
    }
    for part in parts.withLock({ $0 }) { if let part { add(part) } }
    rowCount = reference.rows
  }

  private mutating func add(
    _ a: UnsafeBufferPointer<Float>, _ b: UnsafeBufferPointer<Float>, rows: Range<Int>,
    columns: Int, judgingRows: Bool
  ) {
    // The sums tell whether there is anything to count.
    defer {
      if !distortion.isFinite {
        nonFinite.reference += BlockFormats.nonFiniteCount(a)
        nonFinite.candidate += BlockFormats.nonFiniteCount(b)
      }
    }
    // Σ y² is the energy of the candidate's values as a reference of their own.
    guard judgingRows else {
      distortion.add(a, decoded: b)
      candidateEnergy += Distortion(of: b, decoded: b).energy
      return
    }
    for (place, row) in rows.enumerated() {
      let elements = place * columns..<(place + 1) * columns
      let theirs = UnsafeBufferPointer(rebasing: b[elements])
      let own = Distortion(of: UnsafeBufferPointer(rebasing: a[elements]), decoded: theirs)
      let energy = Distortion(of: theirs, decoded: theirs).energy
      candidateEnergy += energy
      let likeness = Likeness(
        energy: own.energy, otherEnergy: energy, squaredError: own.squaredError)
      // The sums are exact to 1e-6.
      if own.energy > 0, own.relativeSquaredError >= 1 - 1e-5 {
        remoteRows.append((row, own.energy))
      } else if likeness.isRescaled {
        rescaledRowCount += 1
      }
      distortion.add(own)
    }
  }

  /// Adds the statistics of what follows.
  private mutating func add(_ other: WeightStatistics) {
    distortion.add(other.distortion)
    candidateEnergy += other.candidateEnergy
    nonFinite.reference += other.nonFinite.reference
    nonFinite.candidate += other.nonFinite.candidate
    rescaledRowCount += other.rescaledRowCount
    remoteRows += other.remoteRows.map { ($0.row + rowCount, $0.energy) }
    rowCount += other.rowCount
  }

  /// Rows that are further from the reference's than zeros, leaving out those that are next to
  /// zeros themselves: half-precision scales cannot hold them, and nothing depends on them.
  var lostRows: [Int] {
    let mean = distortion.energy / Double(max(1, rowCount))
    return remoteRows.filter { $0.energy > 1e-6 * mean }.map(\.row)
  }

  /// ‖x − y‖ / ‖x‖.
  var relativeError: Double { distortion.relativeError }

  /// Of all values.
  var likeness: Likeness {
    Likeness(
      energy: distortion.energy, otherEnergy: candidateEnergy,
      squaredError: distortion.squaredError)
  }
}
