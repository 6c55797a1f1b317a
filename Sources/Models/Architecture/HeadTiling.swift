// SPDX-License-Identifier: Apache-2.0

import Layers
import Tensors

/// How a GGUF orders heads that several groups have: the first of each group, then the second of each,
/// where a Hugging Face checkpoint has those of a group one behind the other.
///
/// Engines repeat what a group shares as a whole, and not for each of its heads.
package struct HeadTiling: Sendable, Hashable {
  /// How many groups there are.
  let groups: Int
  /// Rows, or columns, of a head.
  let width: Int
  /// The first row, or column, of a head; those before it keep their places.
  let first: Int
  /// Whether it is the columns that are ordered so.
  package let isOfColumns: Bool

  /// Nil if heads are not as many as that.
  init?(groups: Int, width: Int, first: Int, isOfColumns: Bool, of dimensions: [Int]) {
    self.groups = groups
    self.width = width
    self.first = first
    self.isOfColumns = isOfColumns
    guard groups > 0, width > 0, first >= 0, !isOfColumns || dimensions.count == 2,
      let count = isOfColumns ? dimensions.last : dimensions.first, count >= first,
      (count - first) % width == 0, (count - first) / width % groups == 0
    else { return nil }
  }

  /// For each place in the order of Hugging Face, that in the order of a GGUF.
  ///
  /// - Parameter count: How many rows, or columns, there are.
  /// - Returns: A permutation of as many places.
  func places(of count: Int) -> [Int] {
    let share = (count - first) / width / groups
    return (0..<count).map { place in
      guard place >= first else { return place }
      let (head, element) = (place - first).quotientAndRemainder(dividingBy: width)
      let (group, member) = head.quotientAndRemainder(dividingBy: share)
      return first + (member * groups + group) * width + element
    }
  }
}

extension Parameter {
  /// For each column in Hugging Face's order, the column of a GGUF that holds it; nil if the order is
  /// the same.
  package var ggufColumnOrder: [Int]? {
    guard let tiling, tiling.isOfColumns, let count = shape.dimensions.last else { return nil }
    return tiling.places(of: count)
  }
}

/// Rows whose columns come in another order.
struct ReorderedColumns: Weight.Rows {
  let weight: Weight
  /// For each column, the stored one.
  let places: [Int]

  func decode(rows: Range<Int>, into values: UnsafeMutableBufferPointer<Float>) {
    weight.decode(rows: rows, into: values)
    var line = [Float](repeating: 0, count: places.count)
    for start in stride(from: 0, to: values.count, by: places.count) {
      for (column, place) in places.enumerated() { line[column] = values[start + place] }
      for column in places.indices { values[start + column] = line[column] }
    }
  }
}

extension Array where Element == Int {
  /// For each place of a permutation, where it came from.
  package var inverted: [Int] {
    var inverse = self
    for (index, place) in enumerated() { inverse[place] = index }
    return inverse
  }
}
