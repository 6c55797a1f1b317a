// SPDX-License-Identifier: Apache-2.0

package import BlockFormats
import Parallelism
import Synchronization
import Tensors

/// Encodes rows of weights and measures what is lost.
package struct TileEncoder: Sendable {
  /// What became of some rows.
  package struct Outcome: Sendable {
    /// How far the decoded values are from the original ones.
    package var distortion = Distortion()
    /// Values that were NaN or infinite; then the blocks mean nothing.
    package var nonFiniteCount = 0
    /// Finite values that the encoding can only hold as infinities.
    package var overflowCount = 0
    /// What the output of each row misses in the mean; empty where means are not known.
    package var meanErrors: [Double] = []

    package init() {}

    /// Adds what became of the rows that follow.
    package mutating func append(_ other: Outcome) {
      distortion.add(other.distortion)
      nonFiniteCount += other.nonFiniteCount
      overflowCount += max(0, other.overflowCount)
      meanErrors += other.meanErrors
    }
  }

  package let format: any BlockFormat
  /// Elements a row; whole blocks.
  package let columns: Int
  private let weighting: Weighting
  /// With which codes make up for each other's errors; nil: each is found by itself.
  private let feedback: (format: any BlockFeedback, own: Feedback)?

  /// - Parameters:
  ///   - format: Of the blocks.
  ///   - columns: Elements a row.
  ///   - weighting: How importance counts.
  ///   - feedback: Lets codes make up for each other's errors, where the format can.
  package init(
    format: any BlockFormat, columns: Int, weighting: Weighting = .inputs,
    feedback: Feedback? = nil
  ) {
    self.format = format
    self.weighting = weighting
    self.columns = columns
    if let feedback, feedback.curvature.columns == columns,
      let format = Quantization.feedback(for: format)
    {
      self.feedback = (format, feedback)
    } else {
      self.feedback = nil
    }
  }

  /// Whether codes make up for each other's errors.
  package var isFedBack: Bool { feedback != nil }

  package var rowBytes: Int {
    columns / format.encoding.elementsPerBlock * format.encoding.bytesPerBlock
  }

  /// Rows that a worker encodes at once: it depends on the shape alone, so that sums do too.
  private var chunkRows: Int {
    feedback == nil ? max(1, (1 << 14) / max(1, columns)) : FeedbackLanes.count
  }

  /// Encodes rows, a chunk of them on each worker.
  ///
  /// - Parameters:
  ///   - rows: How many there are.
  ///   - importance: The weight of the squared error of each column; nil: all alike.
  ///   - gain: What values are multiplied by before; what is lost counts from the values themselves.
  ///   - means: The mean of what goes into each column; nil where it is not known.
  ///   - blocks: Receives `rows * rowBytes` bytes.
  ///   - read: Gives the values of a range of rows; called on several threads.
  /// - Returns: What was lost; sums do not depend on the number of threads.
  package func encode(
    rows: Int, importance: [Float]? = nil, gain: Float = 1, means: [Float]? = nil,
    into blocks: UnsafeMutableRawBufferPointer,
    read: @Sendable (Range<Int>, UnsafeMutableBufferPointer<Float>) -> Void
  ) -> Outcome {
    let chunk = chunkRows
    let count = (rows + chunk - 1) / chunk
    let output = DisjointBytes(blocks)
    let outcomes = Mutex([Outcome](repeating: Outcome(), count: count))
    let isExact = format.encoding == .f32
    Parallel.forEach(
      count, scratch: { [Float](repeating: 0, count: 2 * chunk * columns) }
    ) { index, scratch in
      let range = index * chunk..<min(rows, (index + 1) * chunk)
      let elements = range.count * columns
      var outcome = Outcome()
      scratch.withUnsafeMutableBufferPointer { scratch in
        let values = UnsafeMutableBufferPointer(rebasing: scratch[..<elements])
        let decoded = UnsafeMutableBufferPointer(rebasing: scratch[elements..<2 * elements])
        read(range, values)
        // The room of what is decoded is free until then.
        if gain != 1 { for i in 0..<elements { decoded[i] = values[i] * gain } }
        let bytes = output.part(range.lowerBound * rowBytes, count: range.count * rowBytes)
        for row in 0..<range.count {
          let source = UnsafeBufferPointer(
            rebasing: (gain == 1 ? values : decoded)[row * columns..<(row + 1) * columns])
          format.encode(
            source, weighted: weighting.weights(of: source, importance: importance),
            into: UnsafeMutableRawBufferPointer(
              rebasing: bytes[row * rowBytes..<(row + 1) * rowBytes]))
        }
        if let feedback {
          improve(
            UnsafeMutableRawBufferPointer(bytes), values: UnsafeBufferPointer(values),
            rows: range.count, feedback.format.tile(feedback.own))
        }
        let result = isExact ? values : decoded
        if !isExact { format.decode(UnsafeRawBufferPointer(bytes), into: decoded) }
        outcome.distortion.add(UnsafeBufferPointer(values), decoded: UnsafeBufferPointer(result))
        if let means {
          outcome.meanErrors = MeanErrors.of(
            UnsafeBufferPointer(values), decoded: UnsafeBufferPointer(result), means: means)
        }
        // The sums tell whether there is anything to count.
        if !outcome.distortion.isFinite {
          outcome.nonFiniteCount = BlockFormats.nonFiniteCount(UnsafeBufferPointer(values))
          outcome.overflowCount =
            BlockFormats.nonFiniteCount(UnsafeBufferPointer(result)) - outcome.nonFiniteCount
        }
      }
      outcomes.withLock { $0[index] = outcome }
    }
    return outcomes.withLock { outcomes in
      var total = Outcome()
      for outcome in outcomes { total.append(outcome) }
      return total
    }
  }
}

extension TileEncoder {
  /// Gives a row as it is stored, without feedback.
  ///
  /// - Parameters:
  ///   - row: Its values.
  ///   - importance: The weight of each column; nil: all alike.
  ///   - decoded: Room for as many.
  package func roundTrip(
    _ row: UnsafeBufferPointer<Float>, _ importance: [Float]?,
    into decoded: UnsafeMutableBufferPointer<Float>
  ) {
    let blocks = format.encode(row, weighted: importance)
    blocks.withUnsafeBytes { format.decode($0, into: decoded) }
  }

  /// Gives rows that were encoded other codes and factors.
  private func improve(
    _ bytes: UnsafeMutableRawBufferPointer, values: UnsafeBufferPointer<Float>, rows: Int,
    _ tile: some FeedbackTile<[UInt8]>
  ) {
    var stored = (0..<rows).map { Array(bytes[$0 * rowBytes..<($0 + 1) * rowBytes]) }
    tile.load(values, stored)
    tile.fit()
    for row in 0..<rows {
      tile.store(row, into: &stored[row])
      bytes[row * rowBytes..<(row + 1) * rowBytes].copyBytes(from: stored[row])
    }
  }
}

/// Lets workers write disjoint parts of one buffer of bytes.
private struct DisjointBytes: @unchecked Sendable {
  private let base: UnsafeMutableRawBufferPointer

  init(_ base: UnsafeMutableRawBufferPointer) { self.base = base }

  func part(_ start: Int, count: Int) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(rebasing: base[start..<start + count])
  }
}
