// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import Tensors

/// Reads a module of compressed-tensors: `weight_packed`, `weight_scale` and others.
/// `Formats/compressed-tensors.md`
enum CompressedTensorsModule {
  /// Planes that say how activations are quantized, which weights do not depend on.
  static let setAside = ["input_global_scale", "input_scale", "input_zero_point"]

  static func read(_ reader: PlaneReader) throws(CheckpointError) -> StoredTensor {
    guard case .compressedTensors(let bits, let sizes) = reader.configuration.method else {
      throw reader.error(
        .packingUnknown,
        "tensor '\(reader.name("weight_packed"))': \(reader.configuration.path) does not say how it "
          + "is packed; expected quantization_config with quant_method compressed-tensors")
    }
    let codes = try reader.plane("weight_packed", [.i32, .u8], dimensions: 2...2)
    return codes.encoding == .u8
      ? try floating(reader, codes)
      : try integer(reader, codes, bits: bits, groupSizes: sizes)
  }

  /// Numbers of 4 bits with a scale for 16 (E4M3) or 32 (a power of two) of them.
  private static func floating(
    _ reader: PlaneReader, _ codes: StoredTensor
  ) throws(CheckpointError) -> StoredTensor {
    let scales = try reader.plane("weight_scale", [.f8E4M3, .u8, .f8E8M0], dimensions: 2...2)
    let (rows, bytes) = (codes.shape.dimensions[0], codes.shape.dimensions[1])
    let size = scales.encoding == .f8E4M3 ? 16 : 32
    guard let columns = product(bytes, 2), columns % size == 0 else {
      throw reader.error(codes, "expected rows of whole groups of \(size), found \(codes.shape)")
    }
    try reader.require(scales, [rows, columns / size], because: "for groups of \(size)")
    var planes = [codes, scales]
    var divisor: Float = 1
    if let global = reader.ifPresent("weight_global_scale") {
      planes.append(global)
      divisor = try reader.number(global)
    }
    let weight = PackedWeight(
      scheme: PackedScheme(
        family: .compressedTensors, grid: .e2m1, bits: 4, groupSize: size, offset: .none),
      planes: planes, rows: rows, columns: columns,
      codes: CodePlane(
        tensor: codes, layout: .rows(bytes: bytes), codes: PackedCodes(grid: .e2m1, bits: 4)),
      scales: try NumberPlane(
        scales, as: size == 16 ? .f8E4M3 : .f8E8M0, rows: rows, groups: columns / size,
        rowStride: columns / size, groupStride: 1),
      offsets: .none, divisor: divisor)
    return try reader.logical(weight, shape: [rows, columns])
  }

  private static func integer(
    _ reader: PlaneReader, _ codes: StoredTensor, bits configured: [Int], groupSizes: [Int]
  ) throws(CheckpointError) -> StoredTensor {
    let (rows, words) = (codes.shape.dimensions[0], codes.shape.dimensions[1])
    let shape = try reader.plane("weight_shape", [.i64, .i32], dimensions: 1...1)
    try reader.require(shape, [2], because: "for the two dimensions of a weight")
    let columns = try dimension(1, of: shape, reader)
    guard try dimension(0, of: shape, reader) == rows else {
      throw reader.error(codes, "expected as many rows as '\(shape.name)' says, found \(rows)")
    }
    let fitting = (1...8).filter { wordCount(of: columns, bits: $0) == words }
    guard
      let bits = configured.isEmpty ? fitting.only : configured.first(where: fitting.contains)
    else {
      throw reader.error(
        codes, "expected \(columns) codes of \(configured) bits a row, found \(words) words of 32")
    }
    let scales = try reader.plane("weight_scale", [.f32, .f16, .bf16], dimensions: 0...2)
    let groups = scales.shape.dimensions.count == 2 ? scales.shape.rowLength : 1
    let isWhole = scales.shape.elementCount == 1
    guard groups > 0, isWhole || scales.shape.dimensions.first == rows else {
      throw reader.error(
        scales, "expected scales for \(rows) rows, found \(scales.shape)")
    }
    guard
      let size = groups == 1
        ? max(1, columns)
        : groupSizes.first(where: { (columns - 1) / $0 + 1 == groups })
          ?? (groupSizes.isEmpty && columns % groups == 0 ? columns / groups : nil)
    else {
      throw reader.error(
        scales, "expected a number for each of \(groupSizes) of \(columns) inputs, found \(groups)")
    }
    var planes = [codes, scales, shape]
    var offsets = PackedWeight.Offsets.constant(Float(1 << (bits - 1)))
    if let zeros = reader.ifPresent("weight_zero_point") {
      planes.append(try reader.check(zeros, [.i32], dimensions: 2...2))
      try reader.require(
        zeros, [wordCount(of: rows, bits: bits) ?? 0, groups],
        because: "to match '\(scales.name)'")
      offsets = .zeros(
        ZeroPlane(tensor: zeros, layout: .rowsDown(groups: groups), bits: bits, isOneLess: false))
    }
    var groupOfInput: [Int32]?
    if let order = reader.ifPresent("weight_g_idx") {
      planes.append(try reader.check(order, [.i32], dimensions: 1...1))
      groupOfInput = try reader.groups(
        in: order, inputs: columns, groups: groups, groupSize: size)
    }
    let isSymmetric = if case .constant = offsets { true } else { false }
    let weight = PackedWeight(
      scheme: PackedScheme(
        family: .compressedTensors, grid: .integer, bits: bits, groupSize: size,
        offset: isSymmetric ? .middle : .zeroPoint),
      planes: planes, rows: rows, columns: columns,
      codes: CodePlane(
        tensor: codes, layout: .rows(bytes: words * 4),
        codes: PackedCodes(grid: .integer, bits: bits)),
      scales: try NumberPlane(
        scales, rows: rows, groups: groups, rowStride: isWhole ? 0 : groups, groupStride: 1),
      offsets: offsets, groupOfInput: groupOfInput)
    return try reader.logical(weight, shape: [rows, columns])
  }

  private static func dimension(
    _ index: Int, of tensor: StoredTensor, _ reader: PlaneReader
  ) throws(CheckpointError) -> Int {
    let bytes = tensor.bytes
    let value =
      tensor.encoding == .i64
      ? Int(bytes.loadUnaligned(fromByteOffset: index * 8, as: Int64.self))
      : Int(bytes.loadUnaligned(fromByteOffset: index * 4, as: Int32.self))
    guard (1...1 << 32).contains(value) else {
      throw reader.error(tensor, "expected positive dimensions, found \(value)")
    }
    return value
  }
}

extension Array {
  /// The element of an array that has no other.
  fileprivate var only: Element? { count == 1 ? self[0] : nil }
}
