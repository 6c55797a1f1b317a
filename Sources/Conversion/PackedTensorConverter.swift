// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import BlockFormats
import Checkpoints
import Layers
import Models
import Quantization
import Tensors

/// Writes one weight as planes: the codes tile by tile, then scales and offsets, which are small.
struct PackedTensorConverter {
  /// Elements that are encoded at once.
  private static let tileElements = 16 << 20

  let writer: any CheckpointWriter
  let feedback: FeedbackChoice
  let progress: (Int) -> Void

  /// Writes the planes.
  ///
  /// - Returns: What was lost.
  /// - Throws: ``ConversionError`` for values that are no numbers, or too large for the scales.
  func convert(
    _ entry: ConversionPlan.Entry, as packing: PackedEncoding
  ) throws(ConversionError) -> Distortion {
    let rows = entry.source.parameter.shape.dimensions.first ?? 1
    let matrices = try entry.matrices(rows: rows, order: .model)
    var small = SmallPlanes(packing: packing, columns: entry.shape.rowLength)
    var distortion = Distortion()
    for (index, matrix) in matrices.enumerated() where entry.member.map({ $0 == index }) ?? true {
      let tensor = entry.source.tensors[min(index, entry.source.tensors.count - 1)]
      if packing.isCarried, let weight = tensor.packed {
        distortion.add(try carry(matrix, in: weight, of: tensor, as: packing, into: &small))
      } else {
        let importance = entry.importance(of: index, columns: matrix.columns)
        let groups = packing.encoder()
        let feedback = feedback.feedback(
          for: GroupCodes(groups), of: matrix,
          moments: entry.moments(of: index, columns: matrix.columns), importance: importance)
        let encoder = PackedTileEncoder(
          groups: groups, columns: matrix.columns, weighting: entry.inputs.weighting,
          feedback: feedback)
        let outcome = try encode(
          matrix, of: tensor, entry, importance: importance, with: encoder
        ) { (planes) throws(ConversionError) in
          try write(planes.codes)
          small.append(planes)
        }
        distortion.add(outcome.distortion)
      }
      matrix.source.release()
    }
    for plane in small.stored { try write(plane) }
    return distortion
  }

  /// What the outputs of a weight miss in the mean.
  ///
  /// - Returns: A number a row.
  func meanErrors(
    of entry: ConversionPlan.Entry, as packing: PackedEncoding
  ) throws(ConversionError) -> [Double] {
    let rows = entry.source.parameter.shape.dimensions.first ?? 1
    let matrices = try entry.matrices(rows: rows, order: .model)
    guard let matrix = matrices.first, let tensor = entry.source.tensors.first else { return [] }
    return try encode(
      matrix, of: tensor, entry, importance: entry.importance(of: 0, columns: matrix.columns),
      with: PackedTileEncoder(
        groups: packing.encoder(), columns: matrix.columns, weighting: entry.inputs.weighting),
      means: entry.means(of: 0, columns: matrix.columns), { _ in }
    ).meanErrors
  }

  private func encode(
    _ matrix: Weight, of tensor: StoredTensor, _ entry: ConversionPlan.Entry,
    importance: [Float]?, with encoder: PackedTileEncoder, means: [Float]? = nil,
    _ write: (PackedTileEncoder.Planes) throws(ConversionError) -> Void
  ) throws(ConversionError) -> TileEncoder.Outcome {
    let tile = max(1, PackedTensorConverter.tileElements / max(1, matrix.columns))
    var total = TileEncoder.Outcome()
    for start in stride(from: 0, to: matrix.rows, by: tile) {
      let count = min(tile, matrix.rows - start)
      let (planes, outcome) = encoder.encode(
        rows: count, importance: importance, means: means
      ) { rows, values in
        matrix.decode(rows: start + rows.lowerBound..<start + rows.upperBound, into: values)
      }
      guard outcome.nonFiniteCount == 0 else {
        throw .model(WeightCheck.notFinite(tensor))
      }
      guard outcome.overflowCount == 0 else {
        throw .overflow(
          path: tensor.file.path, tensor: tensor.name, count: outcome.overflowCount,
          encoding: (entry.packing?.numbers ?? .u8).rawValue)
      }
      try write(planes)
      total.append(outcome)
    }
    return total
  }

  /// Carries over the rows of a matrix, which may share those of the weight with others.
  private func carry(
    _ matrix: Weight, in weight: PackedWeight, of tensor: StoredTensor,
    as packing: PackedEncoding, into small: inout SmallPlanes
  ) throws(ConversionError) -> Distortion {
    var carrier = CodeCarrier(weight, packing)
    let tile = max(1, PackedTensorConverter.tileElements / max(1, weight.columns))
    // Several rows to one of the matrix, or one.
    let share = max(1, matrix.columns / max(1, weight.columns))
    let count = matrix.rows * share
    var distortion = Distortion()
    for start in stride(from: 0, to: count, by: tile) {
      let places = (start..<min(count, start + tile)).map {
        matrix.storedPlace(of: $0 / share) * share + $0 % share
      }
      let (planes, part) = carrier.planes(of: places)
      guard part.energy.isFinite, part.squaredError.isFinite else {
        throw WeightCheck.nonFiniteCount(of: tensor) > 0
          ? .model(WeightCheck.notFinite(tensor))
          : .overflow(
            path: tensor.file.path, tensor: tensor.name, count: 1,
            encoding: (packing.numbers ?? .u8).rawValue)
      }
      try write(planes.codes)
      small.append(planes)
      distortion.add(part)
    }
    return distortion
  }

  private func write(_ bytes: [UInt8]) throws(ConversionError) {
    var failure: CheckpointError?
    bytes.withUnsafeBytes { buffer in
      do throws(CheckpointError) { try writer.append(buffer) } catch { failure = error }
    }
    if let failure { throw .checkpoint(failure) }
    progress(bytes.count)
  }
}

/// The scales and offsets of a weight until its codes are written.
private struct SmallPlanes {
  let packing: PackedEncoding
  let columns: Int
  private var scales: [UInt8] = []
  private var offsets: [UInt8] = []

  init(packing: PackedEncoding, columns: Int) {
    self.packing = packing
    self.columns = columns
  }

  mutating func append(_ planes: PackedTileEncoder.Planes) {
    scales += planes.scales
    offsets += planes.offsets
  }

  /// In the order of ``PackedEncoding/descriptions(of:shape:)``, after the codes.
  var stored: [[UInt8]] {
    guard packing.scheme.offset == .zeroPoint else {
      return offsets.isEmpty ? [scales] : [scales, offsets]
    }
    return [packedZeros, scales]
  }

  /// Zero points, a byte each in `offsets`, packed down the rows: a word below the other.
  private var packedZeros: [UInt8] {
    let groups = (columns + packing.scheme.groupSize - 1) / packing.scheme.groupSize
    let rows = groups > 0 ? offsets.count / groups : 0
    let words = (rows * packing.scheme.bits + 31) / 32
    let codes = PackedCodes(grid: .integer, bits: packing.scheme.bits)
    var result = [UInt8](repeating: 0, count: words * groups * 4)
    var column = [UInt8](repeating: 0, count: rows)
    var stream = [UInt8](repeating: 0, count: words * 4)
    for group in 0..<groups {
      for row in 0..<rows { column[row] = offsets[row * groups + group] }
      column.withUnsafeBufferPointer { column in
        stream.withUnsafeMutableBytes { codes.pack(column, into: $0) }
      }
      for word in 0..<words {
        for byte in 0..<4 {
          result[(word * groups + group) * 4 + byte] = stream[word * 4 + byte]
        }
      }
    }
    return result
  }
}
