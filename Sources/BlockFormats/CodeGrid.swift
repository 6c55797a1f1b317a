// SPDX-License-Identifier: Apache-2.0

package import Tensors

/// What elements may be once scales are chosen: step · level + offset, each code with its level.
package struct CodeGrid: Sendable, Hashable {
  /// Rising: the number of each code.
  package let levels: [Float]
  /// Elements that share step and offset.
  package let groupSize: Int
  /// Elements that share the factors of steps and offsets: whole groups.
  package let blockSize: Int
  /// Whether offsets too are multiples of the first factor, and there is no second.
  package let isJoint: Bool
  /// How factors are stored: F16, BF16 or F32.
  package let factorEncoding: Encoding

  package init(
    levels: [Float], groupSize: Int, blockSize: Int, isJoint: Bool, factorEncoding: Encoding
  ) {
    self.levels = levels
    self.groupSize = groupSize
    self.blockSize = blockSize
    self.isJoint = isJoint
    self.factorEncoding = factorEncoding
  }

  /// Whether levels are whole numbers without gaps.
  package var isEven: Bool { zip(levels, levels.dropFirst()).allSatisfy { $1 - $0 == 1 } }

  /// Whole numbers from the lowest on.
  static func integers(from lowest: Int, count: Int) -> [Float] {
    (0..<count).map { Float(lowest + $0) }
  }
}

/// A row as codes on a grid.
package struct CodedRow: Sendable, Equatable {
  /// One an element.
  package var codes: [UInt8]
  /// One a group: a multiple of its block's first factor.
  package var steps: [Float]
  /// Likewise: of the second factor, or of the first if the grid ``CodeGrid/isJoint``.
  package var offsets: [Float]
  /// Two a block.
  package var factors: [Float]

  /// A row whose numbers are yet to come.
  package init(columns: Int, grid: CodeGrid) {
    codes = [UInt8](repeating: 0, count: columns)
    steps = [Float](repeating: 0, count: columns / grid.groupSize)
    offsets = steps
    factors = [Float](repeating: 0, count: 2 * (columns / grid.blockSize))
  }
}
