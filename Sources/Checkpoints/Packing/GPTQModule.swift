// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import Tensors

/// Reads a module of GPTQ or AWQ: `qweight`, `qzeros`, `scales`. `Formats/gptq.md`,
/// `Formats/awq.md`
enum GPTQModule {
  static func read(_ reader: PlaneReader) throws(CheckpointError) -> StoredTensor {
    switch reader.configuration.method {
    case .gptq(let bits, let size, let isOneLess, let hasExceptions):
      try gptq(
        reader, bits: bits, groupSize: size, isOneLess: isOneLess, hasExceptions: hasExceptions)
    case .awq(let size): try awq(reader, groupSize: size)
    default:
      throw reader.error(
        .packingUnknown,
        "tensor '\(reader.name("qweight"))': \(reader.configuration.path) does not say how it is "
          + "packed; expected quantization_config with quant_method gptq or awq, or a "
          + "quantize_config.json beside it")
    }
  }

  private static func gptq(
    _ reader: PlaneReader, bits configured: Int, groupSize: Int?, isOneLess: Bool,
    hasExceptions: Bool
  ) throws(CheckpointError) -> StoredTensor {
    let codes = try reader.plane("qweight", [.i32, .u32], dimensions: 2...2)
    let scales = try reader.plane("scales", [.f16, .bf16, .f32], dimensions: 2...2)
    let zeros = try reader.plane("qzeros", [.i32, .u32], dimensions: 2...2)
    let (words, rows) = (codes.shape.dimensions[0], codes.shape.dimensions[1])
    let groups = scales.shape.dimensions[0]
    let order = try reader.ifPresent("g_idx").map { (tensor) throws(CheckpointError) in
      try reader.check(tensor, [.i32], dimensions: 1...1)
    }
    var bits = configured
    if hasExceptions, let order,
      let fitting = [2, 3, 4, 8].first(where: {
        wordCount(of: order.shape.rowLength, bits: $0) == words
      })
    {
      bits = fitting
    }
    guard let stored = product(words, 32), groups > 0 else {
      throw reader.error(codes, "the shape \(codes.shape) is not possible")
    }
    let columns = order?.shape.rowLength ?? stored / bits
    guard wordCount(of: columns, bits: bits) == words else {
      throw reader.error(
        codes,
        "expected \(columns) inputs of \(bits) bits in words of 32, found \(words) words an "
          + "output; the numbers of \(reader.configuration.path) do not belong to it")
    }
    let size = groupSize ?? columns
    guard size > 0, (columns + size - 1) / size == groups || order != nil else {
      throw reader.error(
        scales, "expected a row for each \(size) of \(columns) inputs, found \(groups)")
    }
    try reader.require(scales, [groups, rows], because: "to match '\(codes.name)'")
    try reader.require(
      zeros, [groups, wordCount(of: rows, bits: bits) ?? 0], because: "to match '\(scales.name)'")
    let groupOfInput = try order.map { (order) throws(CheckpointError) in
      try reader.groups(in: order, inputs: columns, groups: groups, groupSize: size)
    }
    guard groupOfInput != .some(nil) || (columns + size - 1) / size == groups else {
      throw reader.error(
        scales, "expected a row for each \(size) of \(columns) inputs, found \(groups)")
    }
    let weight = PackedWeight(
      scheme: PackedScheme(
        family: .gptq, grid: .integer, bits: bits, groupSize: size, offset: .zeroPoint),
      planes: [codes, scales, zeros] + (order.map { [$0] } ?? []), rows: rows, columns: columns,
      codes: CodePlane(
        tensor: codes, layout: .columns(words: words, stride: rows),
        codes: PackedCodes(grid: .integer, bits: bits)),
      scales: try NumberPlane(
        scales, rows: rows, groups: groups, rowStride: 1, groupStride: rows),
      offsets: .zeros(
        ZeroPlane(
          tensor: zeros, layout: .rowsAlong(wordsPerGroup: zeros.shape.dimensions[1]), bits: bits,
          isOneLess: isOneLess)),
      groupOfInput: groupOfInput ?? nil)
    return try reader.logical(weight, shape: [rows, columns])
  }

  private static func awq(
    _ reader: PlaneReader, groupSize: Int?
  ) throws(CheckpointError) -> StoredTensor {
    let codes = try reader.plane("qweight", [.i32, .u32], dimensions: 2...2)
    let scales = try reader.plane("scales", [.f16, .bf16, .f32], dimensions: 2...2)
    let zeros = try reader.plane("qzeros", [.i32, .u32], dimensions: 2...2)
    let (columns, words) = (codes.shape.dimensions[0], codes.shape.dimensions[1])
    guard let rows = product(words, 8) else {
      throw reader.error(codes, "the shape \(codes.shape) is not possible")
    }
    let size = groupSize ?? columns
    guard size > 0, columns % size == 0 else {
      throw reader.error(codes, "expected inputs in groups of \(size), found \(columns)")
    }
    let groups = columns / size
    try reader.require(scales, [groups, rows], because: "for groups of \(size)")
    try reader.require(zeros, [groups, words], because: "to match '\(codes.name)'")
    let weight = PackedWeight(
      scheme: PackedScheme(
        family: .awq, grid: .integer, bits: 4, groupSize: size, offset: .zeroPoint),
      planes: [codes, scales, zeros], rows: rows, columns: columns,
      codes: CodePlane(
        tensor: codes, layout: .interleaved(wordsPerInput: words),
        codes: PackedCodes(grid: .integer, bits: 4)),
      scales: try NumberPlane(
        scales, rows: rows, groups: groups, rowStride: 1, groupStride: rows),
      offsets: .zeros(
        ZeroPlane(
          tensor: zeros, layout: .interleaved(wordsPerGroup: words), bits: 4, isOneLess: false)))
    return try reader.logical(weight, shape: [rows, columns])
  }
}
