// SPDX-License-Identifier: Apache-2.0

import Tensors

/// Groups with scales apart, seen as codes on a grid: codes can be others than the search finds.
package struct GroupCodes: Sendable {
  package let groups: GroupEncoder
  package let grid: CodeGrid

  /// The codes of an encoder; nil where they are not numbers on a grid of steps.
  package init?(_ groups: GroupEncoder) {
    guard groups.offset != .none, let encoding = groups.scaleEncoding else { return nil }
    self.groups = groups
    let count = 1 << groups.bits
    grid = CodeGrid(
      levels: CodeGrid.integers(from: groups.offset == .middle ? -count / 2 : 0, count: count),
      groupSize: groups.groupSize, blockSize: groups.groupSize,
      isJoint: groups.offset == .zeroPoint, factorEncoding: encoding)
  }

  /// The scales and offsets of a row that was encoded; codes are left at 0.
  package func read(_ row: GroupEncoder.Row) -> CodedRow {
    var result = CodedRow(columns: row.codes.count, grid: grid)
    result.steps = row.scales
    for group in row.scales.indices {
      result.factors[2 * group] = row.scales[group]
      switch groups.offset {
      case .bias:
        result.offsets[group] = row.offsets[group]
        result.factors[2 * group + 1] = row.offsets[group]
      case .zeroPoint: result.offsets[group] = -row.offsets[group] * row.scales[group]
      case .middle, .none: break
      }
    }
    return result
  }

  /// Puts other codes and factors into a row.
  ///
  /// - Parameters:
  ///   - coded: What ``read(_:)`` gave, with other codes and factors.
  ///   - row: The same row.
  package func store(_ coded: CodedRow, into row: inout GroupEncoder.Row) {
    row.codes = coded.codes
    for group in row.scales.indices {
      row.scales[group] = coded.factors[2 * group]
      if groups.offset == .bias { row.offsets[group] = coded.factors[2 * group + 1] }
    }
  }
}
