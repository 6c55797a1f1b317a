// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import LinearAlgebra
import Parallelism
import Synchronization

/// How far outputs are from the reference's, document by document.
struct OutputErrors: Sendable, Equatable {
  /// Documents beyond this number share a place with earlier ones: the interval is then one by groups
  /// of documents, and memory does not grow with the data.
  private static let placeCount = 256

  private var places: [Distortion] = []
  private var documentCount = 0

  /// Adds outputs of the same shape.
  ///
  /// - Parameters:
  ///   - reference: Rows of documents, one document after the other.
  ///   - candidate: The same of the other model.
  ///   - lengths: Rows of each document; where they are not as many as there are rows, all count as
  ///     one document.
  mutating func add(reference: Matrix, candidate: Matrix, lengths: [Int]) {
    let isDivided = lengths.reduce(0, +) == reference.rows
    let lengths = isDivided ? lengths : [reference.rows]
    let starts = lengths.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1) }
    let columns = reference.columns
    let found = Mutex([Distortion](repeating: Distortion(), count: lengths.count))
    reference.values.withUnsafeBufferPointer { reference in
      candidate.values.withUnsafeBufferPointer { candidate in
        let reference = SharedReads(reference)
        let candidate = SharedReads(candidate)
        Parallel.forEach(lengths.count) { document in
          let start = starts[document] * columns
          let count = lengths[document] * columns
          let own = Distortion(
            of: UnsafeBufferPointer(start: reference.base + start, count: count),
            decoded: UnsafeBufferPointer(start: candidate.base + start, count: count))
          found.withLock { $0[document] = own }
        }
      }
    }
    for document in found.withLock({ $0 }) {
      let place = documentCount % OutputErrors.placeCount
      if place == places.count { places.append(Distortion()) }
      places[place].add(document)
      documentCount += 1
    }
  }

  /// ‖x − y‖ / ‖x‖ over all outputs, with its interval over documents.
  var relativeError: Estimate {
    var all = Distortion()
    for place in places { all.add(place) }
    let interval = Bootstrap(documentCount: places.count)
      .interval(ofMean: places.map(\.squaredError), over: places.map(\.energy))
    return Estimate(
      all.relativeError,
      interval: interval.map {
        max(0, $0.lowerBound).squareRoot()...max(0, $0.upperBound).squareRoot()
      })
  }
}
