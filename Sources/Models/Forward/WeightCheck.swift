// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import BlockFormats
package import Checkpoints
import Parallelism
import Synchronization
package import Tensors

/// Looks for NaN and infinities among weights.
package enum WeightCheck {
  /// Elements that are decoded at once.
  private static let tileElements = 1 << 14

  /// How many values are NaN or infinite.
  ///
  /// - Parameters:
  ///   - stored: Whole blocks.
  ///   - encoding: How they are stored.
  /// - Returns: 0 for encodings that cannot be read.
  package static func nonFiniteCount(
    _ stored: UnsafeRawBufferPointer, of encoding: Encoding
  ) -> Int {
    guard let format = BlockFormats.format(for: encoding) else { return 0 }
    if let count = format.nonFiniteCount(in: stored) { return count }
    nonisolated(unsafe) let stored = stored
    let block = encoding.elementsPerBlock
    let tile = tileElements / block * block
    let total = stored.count / encoding.bytesPerBlock * block
    let count = Atomic<Int>(0)
    Parallel.forEach(
      (total + tile - 1) / tile, scratch: { [Float](repeating: 0, count: tile) }
    ) { index, scratch in
      let elements = min(tile, total - index * tile)
      let start = index * tile / block * encoding.bytesPerBlock
      let bytes = elements / block * encoding.bytesPerBlock
      scratch.withUnsafeMutableBufferPointer { scratch in
        let values = UnsafeMutableBufferPointer(rebasing: scratch[..<elements])
        format.decode(
          UnsafeRawBufferPointer(rebasing: stored[start..<start + bytes]), into: values)
        count.add(
          BlockFormats.nonFiniteCount(UnsafeBufferPointer(values)), ordering: .relaxed)
      }
    }
    return count.load(ordering: .relaxed)
  }

  /// How many values of a tensor are NaN or infinite.
  package static func nonFiniteCount(of tensor: StoredTensor) -> Int {
    guard let packed = tensor.packed else {
      return nonFiniteCount(tensor.bytes, of: tensor.encoding)
    }
    let tile = max(1, tileElements / max(1, packed.columns))
    let count = Atomic<Int>(0)
    Parallel.forEach(
      (packed.rows + tile - 1) / tile,
      scratch: { [Float](repeating: 0, count: tile * packed.columns) }
    ) { index, scratch in
      let rows = index * tile..<min(packed.rows, (index + 1) * tile)
      scratch.withUnsafeMutableBufferPointer { scratch in
        let values = UnsafeMutableBufferPointer(
          rebasing: scratch[..<(rows.count * packed.columns)])
        packed.decode(rows: rows, into: values)
        count.add(
          BlockFormats.nonFiniteCount(UnsafeBufferPointer(values)), ordering: .relaxed)
      }
    }
    return count.load(ordering: .relaxed)
  }

  /// What is wrong with a tensor that holds NaN or infinities: how many, and where the first is.
  package static func notFinite(_ tensor: StoredTensor) -> ModelError {
    var index: [Int] = []
    var rest = firstNonFinite(in: tensor) ?? 0
    for dimension in tensor.shape.dimensions.reversed() {
      index.insert(rest % max(1, dimension), at: 0)
      rest /= max(1, dimension)
    }
    return .notFinite(
      path: tensor.file.path, tensor: tensor.name, count: nonFiniteCount(of: tensor), first: index)
  }

  /// The number of the first element that is NaN or infinite.
  private static func firstNonFinite(in tensor: StoredTensor) -> Int? {
    let total = tensor.shape.elementCount ?? 0
    let columns = tensor.packed?.columns ?? tensor.encoding.elementsPerBlock
    let tile = max(1, tileElements / max(1, columns)) * columns
    var values = [Float](repeating: 0, count: tile)
    for start in stride(from: 0, to: total, by: max(1, tile)) {
      let count = min(tile, total - start)
      let found = values.withUnsafeMutableBufferPointer { buffer -> Int? in
        let part = UnsafeMutableBufferPointer(rebasing: buffer[..<count])
        if let packed = tensor.packed {
          packed.decode(rows: start / columns..<(start + count) / columns, into: part)
        } else if let format = BlockFormats.format(for: tensor.encoding) {
          let bytes = tensor.encoding.bytesPerBlock
          format.decode(
            UnsafeRawBufferPointer(
              rebasing: tensor.bytes[start / columns * bytes..<(start + count) / columns * bytes]),
            into: part)
        }
        return part.firstIndex { !$0.isFinite }
      }
      if let found { return start + found }
    }
    return nil
  }

  /// Why a model's logits are no numbers: the first weight that is none, or else an overflow.
  package static func culprit(of model: Model) throws(ModelError) -> ModelError {
    for tensor in model.parameters.flatMap(\.tensors) {
      let count = nonFiniteCount(of: tensor)
      if count > 0 {
        return notFinite(tensor)
      }
    }
    return .input(
      "\(model.path): the logits are NaN or infinite although every weight is finite; the model "
        + "overflows in 32-bit floating point")
  }
}
