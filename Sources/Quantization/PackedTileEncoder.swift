// SPDX-License-Identifier: Apache-2.0

package import BlockFormats
import Parallelism
import Synchronization
package import Tensors

/// Encodes rows of weights as codes with scales and offsets apart, and measures what is lost.
package struct PackedTileEncoder: Sendable {
  /// The planes of some rows as they will be stored.
  package struct Planes: Sendable {
    package var codes: [UInt8]
    package var scales: [UInt8]
    /// Biases in the encoding of the scales; zero points a byte each; empty where there are none.
    package var offsets: [UInt8]

    package init(codes: [UInt8], scales: [UInt8], offsets: [UInt8]) {
      self.codes = codes
      self.scales = scales
      self.offsets = offsets
    }
  }

  package let groups: GroupEncoder
  private let packing: PackedCodes
  /// Elements a row; whole groups.
  package let columns: Int
  private let weighting: Weighting
  /// With which codes make up for each other's errors; nil: each is found by itself.
  private let feedback: (codes: GroupCodes, own: Feedback)?

  /// - Parameters:
  ///   - groups: Finds the codes of a row.
  ///   - columns: Elements a row.
  ///   - weighting: How importance counts.
  ///   - feedback: Lets codes make up for each other's errors, where they are on a grid.
  package init(
    groups: GroupEncoder, columns: Int, weighting: Weighting = .inputs, feedback: Feedback? = nil
  ) {
    self.groups = groups
    self.weighting = weighting
    self.columns = columns
    if let feedback, feedback.curvature.columns == columns, let codes = GroupCodes(groups) {
      self.feedback = (codes, feedback)
    } else {
      self.feedback = nil
    }
    packing = PackedCodes(
      grid: groups.offset == .none ? .e2m1 : .integer, bits: groups.bits)
  }

  private var groupCount: Int { columns / groups.groupSize }
  private var scaleBytes: Int { groups.scaleEncoding?.bytesPerBlock ?? 1 }
  private var offsetBytes: Int {
    switch groups.offset {
    case .bias: scaleBytes
    case .zeroPoint: 1
    case .middle, .none: 0
    }
  }
  /// Bytes of the codes of a row, whole words.
  package var codeBytes: Int { (columns * groups.bits + 31) / 32 * 4 }

  /// Rows that a worker encodes at once: it depends on the shape alone, so that sums do too.
  private var chunkRows: Int {
    feedback == nil ? max(1, (1 << 15) / max(1, columns)) : FeedbackLanes.count
  }

  /// Encodes rows, a chunk of them on each worker.
  ///
  /// - Parameters:
  ///   - rows: How many there are.
  ///   - importance: The weight of the squared error of each column; nil: all alike.
  ///   - means: The mean of what goes into each column; nil where it is not known.
  ///   - read: Gives the values of a range of rows; called on several threads.
  /// - Returns: The planes, and what was lost; neither depends on the number of threads.
  package func encode(
    rows: Int, importance: [Float]? = nil, means: [Float]? = nil,
    read: @Sendable (Range<Int>, UnsafeMutableBufferPointer<Float>) -> Void
  ) -> (planes: Planes, outcome: TileEncoder.Outcome) {
    let chunk = chunkRows
    let count = (rows + chunk - 1) / chunk
    let results = Mutex([(Planes, TileEncoder.Outcome)?](repeating: nil, count: count))
    Parallel.forEach(
      count, scratch: { [Float](repeating: 0, count: 2 * chunk * columns) }
    ) { index, scratch in
      let range = index * chunk..<min(rows, (index + 1) * chunk)
      let result = scratch.withUnsafeMutableBufferPointer { scratch in
        let values = UnsafeMutableBufferPointer(rebasing: scratch[..<(range.count * columns)])
        read(range, values)
        return encode(
          UnsafeBufferPointer(values), rows: range.count, importance: importance, means: means,
          decoded: UnsafeMutableBufferPointer(
            rebasing: scratch[values.count..<2 * values.count]))
      }
      results.withLock { $0[index] = result }
    }
    return results.withLock { results in
      var planes = Planes(codes: [], scales: [], offsets: [])
      planes.codes.reserveCapacity(rows * codeBytes)
      var total = TileEncoder.Outcome()
      for case (let part, let outcome)? in results {
        planes.codes += part.codes
        planes.scales += part.scales
        planes.offsets += part.offsets
        total.append(outcome)
      }
      return (planes, total)
    }
  }

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
    var stored = GroupEncoder.Row(columns: columns, groups: groupCount)
    groups.encode(row, weighted: importance, into: &stored)
    expand(stored, into: decoded)
  }

  private func encode(
    _ values: UnsafeBufferPointer<Float>, rows: Int, importance: [Float]?, means: [Float]?,
    decoded: UnsafeMutableBufferPointer<Float>
  ) -> (Planes, TileEncoder.Outcome) {
    var encoded = (0..<rows).map { index in
      var row = GroupEncoder.Row(columns: columns, groups: groupCount)
      let source = UnsafeBufferPointer(
        rebasing: values[index * columns..<(index + 1) * columns])
      groups.encode(
        source, weighted: weighting.weights(of: source, importance: importance), into: &row)
      return row
    }
    if let feedback { improve(&encoded, values: values, feedback.codes, feedback.own) }
    var planes = Planes(
      codes: [UInt8](repeating: 0, count: rows * codeBytes),
      scales: [UInt8](repeating: 0, count: rows * groupCount * scaleBytes),
      offsets: [UInt8](repeating: 0, count: rows * groupCount * offsetBytes))
    for (index, row) in encoded.enumerated() {
      let elements = index * columns..<(index + 1) * columns
      store(row, at: index, in: &planes)
      expand(row, into: UnsafeMutableBufferPointer(rebasing: decoded[elements]))
    }
    var outcome = TileEncoder.Outcome()
    outcome.distortion.add(values, decoded: UnsafeBufferPointer(decoded))
    if let means {
      outcome.meanErrors = MeanErrors.of(
        values, decoded: UnsafeBufferPointer(decoded), means: means)
    }
    if !outcome.distortion.isFinite {
      outcome.nonFiniteCount = BlockFormats.nonFiniteCount(values)
      outcome.overflowCount = max(
        0, BlockFormats.nonFiniteCount(UnsafeBufferPointer(decoded)) - outcome.nonFiniteCount)
    }
    // Only a value that was taken as a smaller one can be so far off.
    if outcome.distortion.largestError > 1e6 {
      let limit = GroupEncoder.largestValue
      outcome.overflowCount += values.count { $0.isFinite && abs($0) > limit }
    }
    return (planes, outcome)
  }

  /// Gives rows other codes and factors.
  private func improve(
    _ rows: inout [GroupEncoder.Row], values: UnsafeBufferPointer<Float>, _ codes: GroupCodes,
    _ feedback: Feedback
  ) {
    let tile = codes.tile(feedback)
    tile.load(values, rows)
    tile.fit()
    for index in rows.indices { tile.store(index, into: &rows[index]) }
  }

  private func store(_ row: GroupEncoder.Row, at index: Int, in planes: inout Planes) {
    planes.codes.withUnsafeMutableBytes { bytes in
      row.codes.withUnsafeBufferPointer {
        packing.pack(
          $0,
          into: UnsafeMutableRawBufferPointer(
            rebasing: bytes[index * codeBytes..<(index + 1) * codeBytes]))
      }
    }
    guard let encoding = groups.scaleEncoding else {
      let start = index * groupCount
      planes.scales.replaceSubrange(start..<start + groupCount, with: row.scaleBytes)
      return
    }
    PackedTileEncoder.write(row.scales, as: encoding, at: index, in: &planes.scales)
    switch groups.offset {
    case .bias: PackedTileEncoder.write(row.offsets, as: encoding, at: index, in: &planes.offsets)
    case .zeroPoint:
      for (group, zero) in row.offsets.enumerated() {
        planes.offsets[index * groupCount + group] = UInt8(min(max(zero, 0), 255))
      }
    case .middle, .none: break
    }
  }

  /// Writes a row of numbers that the encoding holds exactly.
  package static func write(
    _ numbers: [Float], as encoding: Encoding, at index: Int, in plane: inout [UInt8]
  ) {
    guard let format = BlockFormats.format(for: encoding), format.canEncode else { return }
    let count = numbers.count * encoding.bytesPerBlock
    plane.withUnsafeMutableBytes { bytes in
      numbers.withUnsafeBufferPointer {
        format.encode(
          $0, importance: nil,
          into: UnsafeMutableRawBufferPointer(
            rebasing: bytes[index * count..<(index + 1) * count]))
      }
    }
  }

  private func expand(_ row: GroupEncoder.Row, into values: UnsafeMutableBufferPointer<Float>) {
    row.codes.withUnsafeBufferPointer { codes in
      row.scales.withUnsafeBufferPointer { scales in
        row.offsets.withUnsafeBufferPointer { offsets in
          switch groups.offset {
          case .bias:
            packing.decode(
              codes, scales: scales, offsets: offsets, groupSize: groups.groupSize, into: values)
          case .zeroPoint:
            packing.decode(
              codes, scales: scales, zeros: offsets, groups: nil, groupSize: groups.groupSize,
              into: values)
          case .middle:
            let middle = [Float](repeating: Float(1 << (groups.bits - 1)), count: groupCount)
            middle.withUnsafeBufferPointer {
              packing.decode(
                codes, scales: scales, zeros: $0, groups: nil, groupSize: groups.groupSize,
                into: values)
            }
          case .none:
            let table = groups.groupSize == 16 ? Float8.e4m3 : Float8.e8m0
            let scales = row.scaleBytes.map { table[Int($0)] }
            scales.withUnsafeBufferPointer {
              packing.decode(codes, scales: $0, groupSize: groups.groupSize, into: values)
            }
          }
        }
      }
    }
  }
}
