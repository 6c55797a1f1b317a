// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import Checkpoints
import Layers
import Tensors

/// How a Hugging Face checkpoint stores a parameter that is no matrix, or vector, of its own there.
package struct HubLayout: Sendable, Hashable {
  /// Whether those of all experts lie one behind the other in one tensor.
  package var isStacked = false
  /// So many parameters share the rows of one tensor in turn; 1 for a tensor of its own.
  package var alternation = 1
  /// Which of those it is, from 0.
  package var place = 0
  /// Whether a matrix that is not packed lies there with inputs as rows.
  package var isTransposed = false

  package init() {}

  init(_ reader: DeclarationReader) throws(ModelError) {
    isStacked = try reader["stacked"]?.bool() ?? false
    isTransposed = try reader["transposed"]?.bool() ?? false
    guard let alternating = reader["alternating"] else { return }
    try alternating.allow(["place", "of"])
    let (place, of) = (
      try alternating.member("place").number(), try alternating.member("of").number()
    )
    guard let place = Int(exactly: place), let of = Int(exactly: of), (1...16).contains(of),
      (0..<of).contains(place)
    else { throw alternating.error("expected a place from 0 and below 'of', at most 16") }
    (self.place, alternation) = (place, of)
  }

  /// Whether a tensor of such dimensions can lie so.
  func isUsable(for dimensions: [Int]) -> Bool {
    let isPlain = alternation == 1 && !isTransposed
    return isPlain
      || dimensions.count <= 2
        && dimensions.first?.multipliedReportingOverflow(by: alternation).overflow == false
  }

  /// The shape of the tensor that holds a parameter of this shape.
  func shape(of shape: Shape, expertCount: Int?, isPacked: Bool) -> Shape {
    var dimensions = shape.dimensions
    if alternation > 1, let rows = dimensions.first { dimensions[0] = rows * alternation }
    if isTransposed, !isPacked { dimensions.reverse() }
    if isStacked, let expertCount { dimensions.insert(expertCount, at: 0) }
    return Shape(dimensions)
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
  private let step: Int
  private let place: Int

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
    step = parameter.layout.alternation
    place = parameter.layout.place
    stride = dimensions[0] * step
    start = parameter.layout.isStacked ? expert * columns * stride : 0
  }

  func decode(rows: Range<Int>, into values: UnsafeMutableBufferPointer<Float>) {
    guard !rows.isEmpty else { return }
    let bytes = tensor.bytes
    // The stretch of a stored row in which all wanted elements lie.
    let first = rows.lowerBound * step + place
    let count = (rows.count - 1) * step + 1
    var stretch = [Float](repeating: 0, count: count)
    for column in 0..<columns {
      let begin = (start + column * stride + first) * elementBytes
      stretch.withUnsafeMutableBufferPointer {
        format.decode(
          UnsafeRawBufferPointer(rebasing: bytes[begin..<begin + count * elementBytes]), into: $0)
      }
      for row in 0..<rows.count { values[row * columns + column] = stretch[row * step] }
    }
  }
}
