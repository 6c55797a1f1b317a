// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import Checkpoints
import Layers
import Notation
import Tensors

/// How a Hugging Face checkpoint stores a parameter that is no matrix, or vector, of its own there.
package struct HubLayout: Sendable, Hashable {
  /// Whether those of all experts lie one behind the other in one tensor.
  package var isStacked = false
  /// So many parameters share the rows of one tensor; 1 for a tensor of its own.
  package var sharers = 1
  /// Which of those it is, from 0.
  package var place = 0
  /// Whether their rows follow each other in turn, and not those of one below those of another.
  package var isAlternating = false
  /// Whether a matrix that is not packed lies there with inputs as rows.
  package var transposition = Transposition.never

  package enum Transposition: Sendable, Hashable {
    case never, always
    /// In some checkpoints, as the shape says.
    case either
  }

  package init() {}

  init(_ reader: DeclarationReader) throws(ModelError) {
    isStacked = try reader["stacked"]?.bool() ?? false
    if let transposed = reader["transposed"] {
      let isEither = transposed.json.string == "either"
      transposition = isEither ? .either : try transposed.bool() ? .always : .never
    }
    isAlternating = reader["alternating"] != nil
    guard let sharing = reader["alternating"] ?? reader["joined"] else { return }
    guard reader["joined"] == nil || !isAlternating else {
      throw reader.error("expected 'alternating' or 'joined', found both")
    }
    try sharing.allow(["place", "of"])
    let (place, of) = (try sharing.member("place").number(), try sharing.member("of").number())
    guard let place = Int(exactly: place), let of = Int(exactly: of), (1...16).contains(of),
      (0..<of).contains(place)
    else { throw sharing.error("expected a place from 0 and below 'of', at most 16") }
    (self.place, sharers) = (place, of)
  }

  /// Whether a tensor of such dimensions can lie so.
  func isUsable(for dimensions: [Int]) -> Bool {
    let isPlain = sharers == 1 && transposition == .never
    return isPlain
      || dimensions.count <= 2
        && dimensions.first?.multipliedReportingOverflow(by: sharers).overflow == false
  }

  /// The shapes that the tensor may have that holds a parameter of this shape.
  ///
  /// - Parameters:
  ///   - shape: Of one expert, where there are experts.
  ///   - expertCount: How many there are; nil for none.
  ///   - isPacked: Whether its rows are packed.
  /// - Returns: The shape as rows of outputs, and that as rows of inputs; nil for one that it cannot
  ///   have.
  func shapes(
    of shape: Shape, expertCount: Int?, isPacked: Bool
  ) -> (plain: Shape?, transposed: Shape?) {
    var dimensions = shape.dimensions
    if sharers > 1, let rows = dimensions.first { dimensions[0] = rows * sharers }
    let experts = isStacked ? expertCount.map { [$0] } ?? [] : []
    let plain = Shape(experts + dimensions)
    let transposed = Shape(experts + dimensions.reversed())
    switch transposition {
    case .never: return (plain, nil)
    case .always: return isPacked ? (plain, nil) : (nil, transposed)
    case .either: return (plain, isPacked ? nil : transposed)
    }
  }

  /// Where the rows of a matrix stand among those of all that share the tensor.
  ///
  /// - Parameter rows: How many it has.
  /// - Returns: The place of the first, and the step from one to the next.
  func places(of rows: Int) -> (first: Int, step: Int) {
    isAlternating ? (place, sharers) : (place * rows, 1)
  }
}

/// Rows of one expert's matrix that is stored with inputs as rows.
struct TransposedRows: Weight.Rows {
  private let tensor: StoredTensor
  private let format: any BlockFormat
  private let elementBytes: Int
  /// The matrix's first element in the tensor.
  private let start: Int
  private let columns: Int
  /// Elements of a stored row, and those from one row of the matrix to the next.
  private let stride: Int
  /// Where the first of the rows stands in a stored one, and the elements from one to the next.
  private let first: Int
  private let step: Int

  /// Nil for an encoding in blocks of several elements.
  init?(_ tensor: StoredTensor, of parameter: Parameter, expert: Int) {
    let dimensions = parameter.shape.dimensions
    guard dimensions.count == 2, tensor.encoding.elementsPerBlock == 1,
      let format = BlockFormats.format(for: tensor.encoding)
    else { return nil }
    self.tensor = tensor
    self.format = format
    elementBytes = tensor.encoding.bytesPerBlock
    columns = dimensions[1]
    (first, step) = parameter.layout.places(of: dimensions[0])
    stride = dimensions[0] * parameter.layout.sharers
    start = parameter.layout.isStacked ? expert * columns * stride : 0
  }

  func decode(rows: Range<Int>, into values: UnsafeMutableBufferPointer<Float>) {
    guard !rows.isEmpty else { return }
    let bytes = tensor.bytes
    // The stretch of a stored row in which all wanted elements lie.
    let offset = first + rows.lowerBound * step
    let count = (rows.count - 1) * step + 1
    var stretch = [Float](repeating: 0, count: count)
    for column in 0..<columns {
      let begin = (start + column * stride + offset) * elementBytes
      stretch.withUnsafeMutableBufferPointer {
        format.decode(
          UnsafeRawBufferPointer(rebasing: bytes[begin..<begin + count * elementBytes]), into: $0)
      }
      for row in 0..<rows.count { values[row * columns + column] = stretch[row * step] }
    }
  }
}
