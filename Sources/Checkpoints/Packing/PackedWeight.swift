// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import Tensors

/// A weight whose codes, scales and offsets lie in tensors of their own.
///
/// Every plane was held against the others; decoding cannot fail.
package final class PackedWeight: Sendable {
  /// What is taken from each code, or added to it.
  enum Offsets: Sendable {
    case none
    case constant(Float)
    case zeros(ZeroPlane)
    case biases(NumberPlane)
  }

  package let scheme: PackedScheme
  /// All that belong to it, the codes first.
  package let planes: [StoredTensor]
  /// Outputs, of all experts where there are several.
  package let rows: Int
  /// Inputs.
  package let columns: Int
  let codes: CodePlane
  let scales: NumberPlane
  let offsets: Offsets
  /// The group of each input where they are not consecutive; each below the number of groups.
  package let groupOfInput: [Int32]?
  /// What all scales are multiplied with, or divided by.
  let factor: Float
  let divisor: Float

  init(
    scheme: PackedScheme, planes: [StoredTensor], rows: Int, columns: Int, codes: CodePlane,
    scales: NumberPlane, offsets: Offsets, groupOfInput: [Int32]? = nil, factor: Float = 1,
    divisor: Float = 1
  ) {
    self.scheme = scheme
    self.planes = planes
    self.rows = rows
    self.columns = columns
    self.codes = codes
    self.scales = scales
    self.offsets = offsets
    self.groupOfInput = groupOfInput
    self.factor = factor
    self.divisor = divisor
  }

  /// Groups of a row.
  package var groups: Int { scales.groups }

  /// The dtype of the scales, which is the model's own where it is a floating-point number.
  package var scaleTensor: StoredTensor { scales.tensor }

  /// Bytes of all planes.
  package var byteCount: Int { planes.reduce(0) { $0 + $1.byteCount } }

  /// Expands rows to f32: exactly the family's formula, in f32.
  ///
  /// - Parameters:
  ///   - range: Rows of the weight.
  ///   - values: Room for `range.count * columns` elements.
  package func decode(rows range: Range<Int>, into values: UnsafeMutableBufferPointer<Float>) {
    var row = PackedRow(of: self)
    for (place, index) in range.enumerated() {
      read(index, into: &row)
      expand(
        row,
        into: UnsafeMutableBufferPointer(
          rebasing: values[place * columns..<(place + 1) * columns]))
    }
  }

  /// Reads the codes of a row, with the scales and offsets of its groups.
  package func read(_ index: Int, into row: inout PackedRow) {
    row.codes.withUnsafeMutableBufferPointer {
      codes.read(row: index, into: $0, words: &row.words)
    }
    readNumbers(index, into: &row)
  }

  /// Reads the scales and offsets of a row, not its codes.
  package func readNumbers(_ index: Int, into row: inout PackedRow) {
    row.scales.withUnsafeMutableBufferPointer { scales.read(row: index, into: $0) }
    if factor != 1 || divisor != 1 {
      for group in row.scales.indices { row.scales[group] = row.scales[group] * factor / divisor }
    }
    switch offsets {
    case .none, .constant: break
    case .zeros(let plane):
      for group in row.offsets.indices {
        row.offsets[group] = plane.value(row: index, group: group)
      }
    case .biases(let plane):
      row.offsets.withUnsafeMutableBufferPointer { plane.read(row: index, into: $0) }
    }
  }

  /// Whether scales are what the bytes say, and nothing is multiplied with them.
  package var isPlainScale: Bool { factor == 1 && divisor == 1 }

  /// Whether groups are what the encoding MXFP4 holds, scale for scale and code for code.
  package var isMXFP4: Bool {
    scheme.grid == .e2m1 && scheme.groupSize == 32 && isPlainScale
      && scaleTensor.encoding
        .bytesPerBlock == 1
      && groupOfInput == nil
  }

  /// The stored scales of a row, where each is a byte.
  package func scaleBytes(of index: Int) -> [UInt8] {
    Array(scales.tensor.bytes[index * groups..<(index + 1) * groups])
  }

  private func expand(_ row: PackedRow, into values: UnsafeMutableBufferPointer<Float>) {
    row.codes.withUnsafeBufferPointer { codes in
      row.scales.withUnsafeBufferPointer { scales in
        row.offsets.withUnsafeBufferPointer { offsets in
          switch self.offsets {
          case .none:
            self.codes.codes.decode(
              codes, scales: scales, groupSize: scheme.groupSize, into: values)
          case .biases:
            self.codes.codes.decode(
              codes, scales: scales, offsets: offsets, groupSize: scheme.groupSize, into: values)
          case .constant, .zeros:
            guard let groupOfInput else {
              self.codes.codes.decode(
                codes, scales: scales, zeros: offsets, groups: nil, groupSize: scheme.groupSize,
                into: values)
              return
            }
            groupOfInput.withUnsafeBufferPointer {
              self.codes.codes.decode(
                codes, scales: scales, zeros: offsets, groups: $0, groupSize: scheme.groupSize,
                into: values)
            }
          }
        }
      }
    }
  }
}

/// The codes of one row, with the scales and offsets of its groups.
package struct PackedRow: Sendable {
  /// From 0 up, one an input.
  package fileprivate(set) var codes: [UInt8]
  /// One a group.
  package fileprivate(set) var scales: [Float]
  /// Zero points or biases, one a group, by the scheme's ``PackedScheme/Offset``.
  package fileprivate(set) var offsets: [Float]
  fileprivate var words: [UInt32] = []

  package init(of weight: PackedWeight) {
    codes = [UInt8](repeating: 0, count: weight.columns)
    scales = [Float](repeating: 0, count: weight.groups)
    let constant: Float = if case .constant(let zero) = weight.offsets { zero } else { 0 }
    offsets = [Float](repeating: constant, count: weight.groups)
  }
}
