// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import BlockFormats
package import Checkpoints
package import Layers
import Tensors

/// A parameter with the tensors that hold it.
package struct BoundParameter: Sendable {
  package let parameter: Parameter
  /// One; in a Hugging Face checkpoint of a mixture, one an expert; in a GGUF, one a piece.
  package let tensors: [StoredTensor]
  package let container: Checkpoint.Container
  /// Whether the tensors are as MLX's folders have them, with what these add to each element.
  var hasMLXOffset = false

  package init(parameter: Parameter, tensors: [StoredTensor], container: Checkpoint.Container) {
    self.parameter = parameter
    self.tensors = tensors
    self.container = container
  }

  /// The order of rows, where containers differ.
  package enum RowOrder: Sendable {
    /// As the declared computation takes them: Hugging Face's.
    case model
    case gguf
    /// That of the model, in an MLX folder.
    case mlx
  }

  /// The parameter as matrices, one an expert.
  ///
  /// - Parameters:
  ///   - rows: How many rows the elements of one expert make.
  ///   - order: The order in which rows are wanted.
  ///   - channels: The order in which those of a convolution are wanted.
  /// - Returns: `[rows, columns]` each.
  /// - Throws: ``ModelError/census(path:sentence:)`` if rows are no whole blocks.
  package func matrices(
    rows: Int, order: RowOrder, channels: ChannelOrder = .first
  ) throws(ModelError) -> [Weight] {
    let stored = try storedMatrices(rows: rows, order: order, channels: channels)
    return stored.map { weight in
      var weight = weight
      func expand(_ rows: any Weight.Rows) {
        weight = Weight(
          source: weight.source, expander: rows, rows: weight.rows, columns: weight.columns)
      }
      if let places = columnOrder(for: order) {
        expand(ReorderedColumns(weight: weight, places: places))
      }
      let offset = offset(for: order)
      if offset != 0 { expand(ShiftedRows(weight: weight, offset: offset)) }
      if let form = parameter.ggufForm, (container == .gguf) != (order == .gguf) {
        expand(FormedRows(weight: weight, form: form, isStoring: order == .gguf))
      }
      return weight
    }
  }

  /// One of the pieces into which a GGUF cuts the parameter.
  ///
  /// - Parameters:
  ///   - index: Which one.
  ///   - columns: Elements of a row of the piece.
  /// - Returns: All its rows, in the order of a GGUF.
  /// - Throws: ``ModelError/census(path:sentence:)`` if rows are no whole blocks.
  package func piece(_ index: Int, columns: Int) throws(ModelError) -> Weight {
    let shape = parameter.ggufShape
    let count = (shape.elementCount ?? 0) / max(columns, 1)
    guard let cut = parameter.cut, cut.names.indices.contains(index) else {
      return try matrices(rows: count, order: .gguf)[0]
    }
    if container == .gguf {
      let own = BoundParameter(
        parameter: Parameter(unused: cut.names[index], shape: cut.pieceShape(of: shape)),
        tensors: [tensors[index]], container: container)
      return try own.matrices(rows: count / cut.names.count, order: .gguf)[0]
    }
    let whole = try matrices(rows: count, order: .gguf)[0]
    let rows = cut.rows(of: index, in: shape, columns: columns)
    // Rows that lie one behind the other may be carried over as they are.
    guard cut.dimension == 0, let first = rows.first else { return whole.picking(rows) }
    return whole.slice(first..<first + rows.count)
  }

  /// What must be added to the stored elements.
  private func offset(for order: RowOrder) -> Float {
    let stored =
      container == .gguf ? parameter.ggufOffset : hasMLXOffset ? parameter.mlxOffset : 0
    return switch order {
    case .model: -stored
    case .gguf: parameter.ggufOffset - stored
    case .mlx: parameter.mlxOffset - stored
    }
  }

  /// For each column as it is wanted, the stored one; nil where the order is the same.
  private func columnOrder(for order: RowOrder) -> [Int]? {
    guard (container == .gguf) != (order == .gguf) else { return nil }
    return order == .gguf
      ? parameter.ggufColumnOrder?.inverted : parameter.ggufColumnOrder
  }

  private func storedMatrices(
    rows: Int, order: RowOrder, channels: ChannelOrder
  ) throws(ModelError) -> [Weight] {
    let columns = (parameter.shape.elementCount ?? 0) / max(rows, 1)
    if container == .gguf, let cut = parameter.cut {
      guard
        let joined = JoinedPieces(tensors, cut: cut, of: parameter.ggufShape, columns: columns)
      else {
        throw .census(
          path: tensors.first?.file.path ?? "",
          sentence: "tensor '\(parameter.ggufName)': rows of \(columns) elements are not stored "
            + "in whole blocks")
      }
      return [Weight(source: joined, expander: joined, rows: rows, columns: columns)]
    }
    let count = parameter.expertCount ?? 1
    let isStacked = tensors.count < count
    let places = rowOrder(for: order, rows: rows)
    // Several parameters may share the rows of one tensor.
    let shared = container == .gguf ? 1 : parameter.layout.sharers
    let first = container == .gguf || places != nil ? 0 : parameter.layout.places(of: rows).first
    var result: [Weight] = []
    for expert in 0..<count {
      let tensor = tensors[isStacked ? 0 : expert]
      if container == .safetensors, parameter.isTransposed(tensor) {
        guard let expander = TransposedRows(tensor, of: parameter, expert: expert) else {
          throw .census(
            path: tensor.file.path,
            sentence: "tensor '\(tensor.name)': \(tensor.encoding) cannot be read transposed")
        }
        result.append(Weight(source: tensor, expander: expander, rows: rows, columns: columns))
        continue
      }
      let own = parameter.channelOrder(of: tensor)
      if own != channels, let kernels = parameter.shape.dimensions.first {
        let stored = try storedMatrices(rows: kernels, order: order, channels: own)[expert]
        if let expander = ReorderedChannels(
          stored, shape: parameter.shape, columns: columns, wanted: channels)
        {
          result.append(Weight(source: tensor, expander: expander, rows: rows, columns: columns))
          continue
        }
      }
      if let packed = tensor.packed {
        guard columns > 0, packed.columns > 0, columns % packed.columns == 0,
          packed.rows / (columns / packed.columns) >= rows * shared
        else {
          throw .census(
            path: tensor.file.path,
            sentence: "tensor '\(tensor.name)': rows of \(columns) elements are not stored as "
              + "\(packed.scheme)")
        }
        result.append(
          Weight(
            source: tensor,
            expander: JoinedRows(weight: packed, count: columns / packed.columns), rows: rows,
            columns: columns,
            firstRow: first + (isStacked ? expert * rows * shared : 0), rowOrder: places))
        continue
      }
      guard let format = BlockFormats.format(for: tensor.encoding),
        columns % tensor.encoding.elementsPerBlock == 0
      else {
        throw .census(
          path: tensor.file.path,
          sentence: "tensor '\(tensor.name)': rows of \(columns) elements are not stored as "
            + "\(tensor.encoding)")
      }
      result.append(
        Weight(
          source: tensor, format: format, rows: rows, columns: columns,
          firstRow: first + (isStacked ? expert * rows * shared : 0), rowOrder: places))
    }
    return result
  }

  /// Whether it is a convolution with channels behind.
  var hasChannelsLast: Bool {
    parameter.isChannelsLast
      && tensors.contains { parameter.channelOrder(of: $0) == .last }
  }

  /// Whether the rows are stored in another order than that.
  package func isReordered(for order: RowOrder) -> Bool { rowOrder(for: order, rows: 1) != nil }

  private func rowOrder(for order: RowOrder, rows: Int) -> [Int]? {
    if container == .safetensors, parameter.layout.isAlternating, parameter.layout.sharers > 1 {
      let (first, step) = parameter.layout.places(of: rows)
      return (0..<rows).map { first + $0 * step }
    }
    switch (container, order) {
    case (.gguf, .gguf), (.safetensors, .model), (.safetensors, .mlx): return nil
    case (.gguf, .model), (.gguf, .mlx): return parameter.ggufRowOrder
    case (.safetensors, .gguf): return parameter.ggufRowOrder?.inverted
    }
  }
}

extension StoredTensor: Weight.Source {
  package func release() {
    guard let packed else {
      file.release(offset..<offset + byteCount)
      return
    }
    for plane in packed.planes {
      plane.file.release(plane.offset..<plane.offset + plane.byteCount)
    }
  }
}

/// Rows with a number added to each element.
private struct ShiftedRows: Weight.Rows {
  let weight: Weight
  let offset: Float

  func decode(rows: Range<Int>, into values: UnsafeMutableBufferPointer<Float>) {
    weight.decode(rows: rows, into: values)
    for i in values.indices { values[i] += offset }
  }
}

/// Rows of a packed weight, several to one: a table that is used as a vector.
private struct JoinedRows: Weight.Rows {
  let weight: PackedWeight
  let count: Int

  func decode(rows: Range<Int>, into values: UnsafeMutableBufferPointer<Float>) {
    weight.decode(rows: rows.lowerBound * count..<rows.upperBound * count, into: values)
  }
}
