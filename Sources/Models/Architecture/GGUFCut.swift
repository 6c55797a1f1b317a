// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import Checkpoints
import Layers
package import Tensors

/// How a GGUF keeps one parameter in several tensors: cut into equal pieces along a dimension.
package struct GGUFCut: Sendable, Hashable {
  /// The names of the pieces, in their order.
  package let names: [String]
  /// Counted from the outermost, which is 0.
  let dimension: Int

  /// Nil if a parameter of that shape has no such pieces.
  init?(names: [String], dimension: Int, of shape: Shape) {
    let dimensions = shape.dimensions
    guard names.count > 1, dimensions.indices.contains(dimension),
      dimensions[dimension] % names.count == 0
    else { return nil }
    self.names = names
    self.dimension = dimension
  }

  /// The shape of each piece.
  ///
  /// - Parameter shape: That of the parameter.
  /// - Returns: The same with one dimension shorter, or without it where 1 would be left.
  package func pieceShape(of shape: Shape) -> Shape {
    var dimensions = shape.dimensions
    dimensions[dimension] /= names.count
    if dimension > 0, dimensions[dimension] == 1 { dimensions.remove(at: dimension) }
    return Shape(dimensions)
  }

  /// Elements of a piece that lie one behind the other in the parameter.
  func stretch(in shape: Shape) -> Int {
    shape.dimensions[dimension...].reduce(1, *) / names.count
  }

  /// The rows of the parameter that make a piece.
  ///
  /// - Precondition: `columns` divides the stretches of pieces.
  func rows(of piece: Int, in shape: Shape, columns: Int) -> [Int] {
    let height = stretch(in: shape) / columns
    let count = shape.dimensions[..<dimension].reduce(1, *)
    return (0..<count).flatMap { outer in
      let first = (outer * names.count + piece) * height
      return first..<first + height
    }
  }
}

/// The rows of a parameter whose pieces are tensors of their own.
struct JoinedPieces: Weight.Rows, Weight.Source {
  private let pieces: [(tensor: StoredTensor, format: any BlockFormat)]
  private let columns: Int
  /// Elements of one piece that lie one behind the other.
  private let stretch: Int

  /// Nil for pieces whose blocks reach over the ends of rows, or of stretches.
  init?(_ tensors: [StoredTensor], cut: GGUFCut, of shape: Shape, columns: Int) {
    stretch = cut.stretch(in: shape)
    self.columns = columns
    guard tensors.count == cut.names.count, columns > 0, stretch > 0 else { return nil }
    var pieces: [(tensor: StoredTensor, format: any BlockFormat)] = []
    for tensor in tensors {
      let block = tensor.encoding.elementsPerBlock
      guard tensor.packed == nil, columns % block == 0, stretch % block == 0,
        let format = BlockFormats.format(for: tensor.encoding)
      else { return nil }
      pieces.append((tensor, format))
    }
    self.pieces = pieces
  }

  /// Those of the first piece, for what asks where a weight lies.
  var bytes: UnsafeRawBufferPointer { pieces[0].tensor.bytes }

  func release() {
    for piece in pieces { piece.tensor.release() }
  }

  func decode(rows: Range<Int>, into values: UnsafeMutableBufferPointer<Float>) {
    let start = rows.lowerBound * columns
    let end = rows.upperBound * columns
    var place = start
    while place < end {
      let (index, inside) = place.quotientAndRemainder(dividingBy: stretch)
      let (outer, piece) = index.quotientAndRemainder(dividingBy: pieces.count)
      let count = min(stretch - inside, end - place)
      let (tensor, format) = pieces[piece]
      let first = tensor.encoding.byteCount(elements: outer * stretch + inside) ?? 0
      let length = tensor.encoding.byteCount(elements: count) ?? 0
      format.decode(
        UnsafeRawBufferPointer(rebasing: tensor.bytes[first..<first + length]),
        into: UnsafeMutableBufferPointer(
          rebasing: values[place - start..<place - start + count]))
      place += count
    }
  }
}
