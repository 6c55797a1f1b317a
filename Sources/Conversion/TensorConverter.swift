// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import BlockFormats
import Checkpoints
import Layers
import Models
import Quantization
import Tensors

/// Encodes one tensor of a plan, tile by tile, into a writer.
struct TensorConverter {
  /// Bytes of output that are made at once.
  private static let tileBytes = 16 << 20
  /// What is checked before it is carried over, small enough to be in the processor's cache still.
  private static let copiedBytes = 1 << 20

  let writer: any CheckpointWriter
  let container: Checkpoint.Container
  let feedback: FeedbackChoice
  let biases: BiasCorrection
  /// Called with the bytes that were written.
  let progress: (Int) -> Void

  /// Writes the tensor, or the several that become one.
  ///
  /// - Returns: What was lost.
  /// - Throws: ``ConversionError`` for values that are no numbers, or too large for the encoding.
  func convert(_ entry: ConversionPlan.Entry) throws(ConversionError) -> Distortion {
    if let constant = entry.constant {
      try write(constant, constant.count)
      return Distortion()
    }
    if let packing = entry.packing {
      return try PackedTensorConverter(writer: writer, feedback: feedback, progress: progress)
        .convert(entry, as: packing)
    }
    let order: BoundParameter.RowOrder = container == .gguf ? .gguf : .model
    let source = entry.source
    // The rows of a vector in another order are its elements.
    let isReorderedVector =
      source.isReordered(for: order) && source.parameter.shape.dimensions.count < 2
    let shape = entry.isTurned ? source.parameter.shape : entry.shape
    let columns = isReorderedVector ? 1 : shape.rowLength
    let rows = (source.parameter.shape.elementCount ?? 0) / max(1, columns)
    var matrices = try entry.matrices(rows: rows, order: order)
    let format = try format(of: entry)
    if let weight = biases.weight(of: entry) {
      let additions = try meanErrors(of: weight)
      matrices = matrices.map { CorrectedVector.weight($0, adding: additions) }
    }
    var distortion = Distortion()
    for (index, matrix) in matrices.enumerated() where entry.member.map({ $0 == index }) ?? true {
      let matrix = entry.isTurned ? TurnedMatrix.weight(matrix) : matrix
      // Stacked experts lie in one tensor.
      let tensor = source.tensors[min(entry.piece ?? index, source.tensors.count - 1)]
      switch Carriage(of: matrix, tensor, as: format) {
      case .copied(let bytes): try copy(bytes, of: tensor)
      case .repacked(let packed): try repack(matrix, packed)
      case .encoded:
        let columns = matrix.columns
        let importance = entry.importance(of: index, columns: columns)
        let feedback = feedback.feedback(
          for: Quantization.feedback(for: format), of: matrix,
          moments: entry.moments(of: index, columns: columns), importance: importance)
        let encoder = TileEncoder(
          format: format, columns: columns, weighting: entry.inputs.weighting, feedback: feedback)
        distortion.add(
          try encode(matrix, of: tensor, importance: importance, with: encoder, write).distortion)
      }
      matrix.source.release()
    }
    return distortion
  }

  /// How rows get into the output.
  private enum Carriage {
    /// They are already as they are wanted.
    case copied(UnsafeRawBufferPointer)
    /// Codes and scales stay, in another order.
    case repacked(PackedWeight)
    case encoded

    init(of matrix: Weight, _ tensor: StoredTensor, as format: any BlockFormat) {
      if matrix.format.encoding == format.encoding, let bytes = matrix.storedRows {
        self = .copied(bytes)
      } else if format.encoding == .mxfp4, let packed = tensor.packed, packed.isMXFP4,
        packed.columns == matrix.columns
      {
        self = .repacked(packed)
      } else {
        self = .encoded
      }
    }
  }

  private func format(of entry: ConversionPlan.Entry) throws(ConversionError) -> any BlockFormat {
    guard let format = BlockFormats.format(for: entry.choice.encoding), format.canEncode else {
      throw .request(
        "\(entry.choice.encoding) cannot be written yet (tensor '\(entry.name)'); "
          + "choose another type")
    }
    return format
  }

  /// What the outputs of a weight miss in the mean: it is encoded once more, so that the bias may
  /// stand anywhere in the file.
  private func meanErrors(of entry: ConversionPlan.Entry) throws(ConversionError) -> [Double] {
    if let packing = entry.packing {
      return try PackedTensorConverter(writer: writer, feedback: feedback, progress: progress)
        .meanErrors(of: entry, as: packing)
    }
    let columns = entry.shape.rowLength
    let rows = (entry.shape.elementCount ?? 0) / max(1, columns)
    let matrices = try entry.matrices(rows: rows, order: container == .gguf ? .gguf : .model)
    let format = try format(of: entry)
    guard let matrix = matrices.first, let tensor = entry.source.tensors.first,
      case .encoded = Carriage(of: matrix, tensor, as: format)
    else { return [Double](repeating: 0, count: rows) }
    return try encode(
      matrix, of: tensor, importance: entry.importance(of: 0, columns: columns),
      with: TileEncoder(format: format, columns: columns, weighting: entry.inputs.weighting),
      means: entry.means(of: 0, columns: columns), { _, _ in }
    ).meanErrors
  }

  private func encode(
    _ matrix: Weight, of tensor: StoredTensor, importance: [Float]?, with encoder: TileEncoder,
    means: [Float]? = nil, _ write: ([UInt8], Int) throws(ConversionError) -> Void
  ) throws(ConversionError) -> TileEncoder.Outcome {
    var total = TileEncoder.Outcome()
    let tile = max(1, TensorConverter.tileBytes / max(1, encoder.rowBytes))
    var buffer = [UInt8](repeating: 0, count: min(tile, matrix.rows) * encoder.rowBytes)
    let gain =
      encoder.isFedBack
      ? 1
      : encoder.gain(rows: matrix.rows, importance: importance) { rows, values in
        matrix.decode(rows: rows, into: values)
      }
    for start in stride(from: 0, to: matrix.rows, by: tile) {
      let count = min(tile, matrix.rows - start)
      let byteCount = count * encoder.rowBytes
      let outcome = buffer.withUnsafeMutableBytes { buffer in
        encoder.encode(
          rows: count, importance: importance, gain: gain, means: means,
          into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<byteCount])
        ) { rows, values in
          matrix.decode(rows: start + rows.lowerBound..<start + rows.upperBound, into: values)
        }
      }
      guard outcome.nonFiniteCount == 0 else { throw notFinite(tensor) }
      guard outcome.overflowCount == 0 else {
        throw .overflow(
          path: tensor.file.path, tensor: tensor.name, count: outcome.overflowCount,
          encoding: encoder.format.encoding.rawValue)
      }
      try write(buffer, byteCount)
      total.append(outcome)
    }
    return total
  }

  /// Carries rows over that are already as they are wanted: encoding them again could only lose.
  private func copy(
    _ bytes: UnsafeRawBufferPointer, of tensor: StoredTensor
  ) throws(ConversionError) {
    let block = tensor.encoding.bytesPerBlock
    let stretch = max(1, TensorConverter.copiedBytes / block) * block
    for start in stride(from: 0, to: bytes.count, by: stretch) {
      let part = UnsafeRawBufferPointer(rebasing: bytes[start..<min(bytes.count, start + stretch)])
      guard WeightCheck.nonFiniteCount(part, of: tensor.encoding) == 0 else {
        throw notFinite(tensor)
      }
      try convertingErrors { () throws(CheckpointError) in try writer.append(part) }
      progress(part.count)
    }
  }

  /// Puts the scale of each group before its codes, the first half of them into the low halves of
  /// bytes: the same numbers, bit for bit. `Formats/FP4.md`
  private func repack(_ matrix: Weight, _ packed: PackedWeight) throws(ConversionError) {
    var row = PackedRow(of: packed)
    let rowBytes = packed.groups * 17
    let tile = max(1, TensorConverter.tileBytes / max(1, rowBytes))
    for start in stride(from: 0, to: matrix.rows, by: tile) {
      var buffer: [UInt8] = []
      buffer.reserveCapacity(min(tile, matrix.rows - start) * rowBytes)
      for index in start..<min(matrix.rows, start + tile) {
        let stored = matrix.storedPlace(of: index)
        packed.read(stored, into: &row)
        for (group, scale) in packed.scaleBytes(of: stored).enumerated() {
          buffer.append(scale)
          let codes = row.codes[group * 32..<(group + 1) * 32]
          for i in codes.startIndex..<codes.startIndex + 16 {
            buffer.append(codes[i] | codes[i + 16] << 4)
          }
        }
      }
      try write(buffer, buffer.count)
    }
  }

  private func write(_ buffer: [UInt8], _ count: Int) throws(ConversionError) {
    var failure: CheckpointError?
    buffer.withUnsafeBytes { buffer in
      do throws(CheckpointError) {
        try writer.append(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      } catch { failure = error }
    }
    if let failure { throw .checkpoint(failure) }
    progress(count)
  }

  func notFinite(_ tensor: StoredTensor) -> ConversionError {
    .model(WeightCheck.notFinite(tensor))
  }
}
