// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import Tensors

/// Reads a module in MLX's convention: `weight`, `scales`, `biases`. `Formats/mlx.md`
enum MLXModule {
  /// Scales in MLX's nvfp4 with a scale of the whole tensor are fractions of the largest product.
  private static let largestProduct: Float = 448 * 6

  static func read(_ reader: PlaneReader) throws(CheckpointError) -> StoredTensor {
    let mode = try mode(of: reader)
    let codes = try reader.plane("weight", [.u32], dimensions: 2...3)
    let isAffine = mode.grid == .integer
    let scales = try reader.plane(
      "scales", isAffine ? [.f32, .f16, .bf16] : [.u8], dimensions: 2...3)
    let outer = Array(codes.shape.dimensions.dropLast())
    let words = codes.shape.rowLength
    let groups = scales.shape.rowLength
    try reader.require(scales, outer + [groups], because: "to match '\(codes.name)'")
    guard let columns = product(groups, mode.groupSize),
      let bits = product(columns, mode.bits), let stored = product(words, 32), bits == stored,
      let rows = Shape(outer).elementCount
    else {
      throw reader.error(
        codes,
        "expected \(groups) groups of \(mode.groupSize) codes of \(mode.bits) bits a row by "
          + "\(reader.configuration.path), found \(words) words of 32 bits; the configuration needs "
          + "an entry for the module '\(reader.module)'")
    }
    var planes = [codes, scales]
    var offsets = PackedWeight.Offsets.none
    var factor: Float = 1
    if isAffine {
      let biases = try reader.plane("biases", [scales.encoding], dimensions: 2...3)
      try reader.require(biases, outer + [groups], because: "to match '\(scales.name)'")
      planes.append(biases)
      offsets = .biases(
        try NumberPlane(biases, rows: rows, groups: groups, rowStride: groups, groupStride: 1))
    } else if let global = reader.ifPresent("global_scale") {
      planes.append(global)
      factor = try reader.number(global) / largestProduct
    }
    let scalePlane = try NumberPlane(
      scales, as: isAffine ? nil : mode.groupSize == 16 ? .f8E4M3 : .f8E8M0, rows: rows,
      groups: groups, rowStride: groups, groupStride: 1)
    let weight = PackedWeight(
      scheme: PackedScheme(
        family: .mlx, grid: mode.grid, bits: mode.bits, groupSize: mode.groupSize,
        offset: isAffine ? .bias : .none),
      planes: planes, rows: rows, columns: columns,
      codes: CodePlane(
        tensor: codes, layout: .rows(bytes: words * 4),
        codes: PackedCodes(grid: mode.grid, bits: mode.bits)),
      scales: scalePlane, offsets: offsets, factor: factor)
    return try reader.logical(weight, shape: outer + [columns])
  }

  /// What the configuration says of the module, by its name or that without its first part.
  ///
  /// Loaders of vision models accept both.
  private static func mode(
    of reader: PlaneReader
  ) throws(CheckpointError) -> PackingConfiguration.Mode {
    guard case .mlx(let standard, let modules) = reader.configuration.method else {
      throw reader.error(.packingUnknown, "module '\(reader.module)' is packed as MLX packs it")
    }
    let inner = reader.module.drop { $0 != "." }.dropFirst()
    return modules[reader.module] ?? modules[String(inner)] ?? standard
  }
}
