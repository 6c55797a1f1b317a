// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import Tensors

/// Reads a weight as GPT-OSS stores it: `NAME_blocks` and `NAME_scales`, without `.weight`.
///
/// Blocks `[..., rows, groups, 16]` hold 32 numbers of 4 bits each, the low half of a byte first;
/// scales `[..., rows, groups]` the exponents of powers of two. `Formats/FP4.md`
enum MXFP4Module {
  static let codesSuffix = "_blocks"
  private static let scalesSuffix = "_scales"

  /// - Parameters:
  ///   - reader: Of the module that the tensor's name begins with.
  ///   - plane: The last part of the name of the blocks.
  /// - Returns: The weight `[..., rows, 32 groups]`, named without `_blocks`.
  /// - Throws: ``CheckpointError`` for a scale that is missing, or shapes that do not fit.
  static func read(_ reader: PlaneReader, plane: String) throws(CheckpointError) -> StoredTensor {
    let name = String(plane.dropLast(codesSuffix.count))
    let codes = try reader.plane(plane, [.u8], dimensions: 3...4)
    let scales = try reader.plane(
      name + scalesSuffix, [.u8, .f8E8M0], dimensions: 2...3)
    let outer = Array(codes.shape.dimensions.dropLast(2))
    let groups = codes.shape.dimensions[outer.count]
    try reader.require(scales, outer + [groups], because: "to match '\(codes.name)'")
    guard codes.shape.rowLength == 16, groups > 0, let columns = product(groups, 32),
      let rows = Shape(outer).elementCount
    else {
      throw reader.error(codes, "expected blocks of 16 bytes, found \(codes.shape)")
    }
    let weight = PackedWeight(
      scheme: PackedScheme(
        family: .mxfp4, grid: .e2m1, bits: 4, groupSize: 32, offset: .none),
      planes: [codes, scales], rows: rows, columns: columns,
      codes: CodePlane(
        tensor: codes, layout: .rows(bytes: groups * 16),
        codes: PackedCodes(grid: .e2m1, bits: 4)),
      scales: try NumberPlane(
        scales, as: .f8E8M0, rows: rows, groups: groups, rowStride: groups, groupStride: 1),
      offsets: .none)
    return try reader.logical(weight, shape: outer + [columns], plane: name)
  }
}
