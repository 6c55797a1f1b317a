// SPDX-License-Identifier: Apache-2.0

package import CKernels
import Tensors

/// A format of code books seen as points at scales that can stay, while points are others.
package struct PointCodes: Sendable {
  /// Elements that a point, or a pair of points, stands for.
  package static let partElements = 8
  /// Elements that share a factor.
  package static let blockSize = 256

  /// A row as points at scales.
  package struct Row: Sendable {
    /// One a part.
    package var scales: [Float]
    /// One a block.
    package var factors: [Float]
    /// Two a part: places in the book.
    package var points: [Int16]
    /// A bit for each element that is negative, a byte a part.
    package var signs: [UInt8]
  }

  package let format: any BlockFormat
  /// The same for C.
  package let kernelFormat: pk_point_format

  /// The points of a format; nil where it has no code book of magnitudes.
  package init?(_ format: any BlockFormat) {
    let kernel: pk_point_format? =
      switch format.encoding {
      case .iq2_XXS: PK_POINTS_IQ2_XXS
      case .iq2_XS: PK_POINTS_IQ2_XS
      case .iq2_S: PK_POINTS_IQ2_S
      case .iq3_XXS: PK_POINTS_IQ3_XXS
      case .iq3_S: PK_POINTS_IQ3_S
      default: nil
      }
    guard let kernel else { return nil }
    self.format = format
    kernelFormat = kernel
  }

  /// The scales and factors of a row that is stored; its points are left at 0.
  package func read(_ blocks: UnsafeRawBufferPointer) -> Row {
    let bytes = format.encoding.bytesPerBlock
    let count = blocks.count / bytes
    let parts = count * PointCodes.blockSize / PointCodes.partElements
    var row = Row(
      scales: [Float](repeating: 0, count: parts), factors: [],
      points: [Int16](repeating: 0, count: 2 * parts), signs: [UInt8](repeating: 0, count: parts))
    pk_part_scales(kernelFormat, blocks.baseAddress, &row.scales, count)
    row.factors = (0..<count).map { block in
      let bits = blocks.loadUnaligned(fromByteOffset: block * bytes, as: UInt16.self)
      return HalfPrecision.decoded(half: UInt16(littleEndian: bits))
    }
    return row
  }

  /// Writes points, signs and factors into blocks that have everything else.
  ///
  /// - Parameters:
  ///   - row: What ``read(_:)`` gave, with other points, signs and factors.
  ///   - blocks: The same blocks.
  package func store(_ row: Row, into blocks: UnsafeMutableRawBufferPointer) {
    let bytes = format.encoding.bytesPerBlock
    let count = blocks.count / bytes
    precondition(
      row.signs.count == count * PointCodes.blockSize / PointCodes.partElements,
      "\(row.signs.count) parts")
    pk_store_points(
      InstructionSet.current.kernel, kernelFormat, row.points, row.signs, blocks.baseAddress, count)
    for block in 0..<count {
      blocks.storeBytes(
        of: HalfPrecision.encodedHalf(row.factors[block]).littleEndian,
        toByteOffset: block * bytes, as: UInt16.self)
    }
  }
}
