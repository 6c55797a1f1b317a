// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import Tensors

/// What is measured: an encoding of GGUF, or codes with scales apart.
struct Subject {
  enum Kind {
    case blocks(Encoding)
    case groups(GroupEncoder.Offset, bits: Int, size: Int, scales: Encoding?)
  }

  let name: String
  let kind: Kind

  static let all: [Subject] = {
    var all = Encoding.allCases.filter {
      BlockFormats.canEncode($0) && ($0.elementsPerBlock > 1 || [.f16, .bf16].contains($0))
    }.map { Subject(name: $0.rawValue, kind: .blocks($0)) }
    for bits in [2, 3, 4, 5, 6, 8] {
      for size in [32, 64, 128] {
        for scales in [Encoding.f32, .f16, .bf16] {
          all.append(
            Subject(
              name: "mlx-\(bits)bit-\(size)-\(scales)",
              kind: .groups(.bias, bits: bits, size: size, scales: scales)))
        }
      }
    }
    all.append(
      Subject(name: "mlx-mxfp4", kind: .groups(.none, bits: 4, size: 32, scales: nil)))
    all.append(
      Subject(name: "mlx-nvfp4", kind: .groups(.none, bits: 4, size: 16, scales: nil)))
    return all
  }()

  /// A row is a multiple of this.
  var granularity: Int {
    switch kind {
    case .blocks(let encoding): encoding.elementsPerBlock
    case .groups(_, _, let size, _): size
    }
  }

  /// The weights as the checkpoint holds them: scales apart have the dtype of the weights.
  func rounded(_ values: [Float]) -> [Float] {
    guard case .groups(_, _, _, let scales?) = kind else { return values }
    return switch scales {
    case .f16: values.map { HalfPrecision.decoded(half: HalfPrecision.encodedHalf($0)) }
    case .bf16: values.map { HalfPrecision.decoded(bfloat: HalfPrecision.encodedBFloat($0)) }
    default: values
    }
  }

  /// Encodes and decodes one row.
  func decoded(
    _ row: UnsafeBufferPointer<Float>, importance: UnsafeBufferPointer<Float>?,
    into values: UnsafeMutableBufferPointer<Float>
  ) {
    switch kind {
    case .blocks(let encoding):
      guard let format = BlockFormats.format(for: encoding) else { return }
      let count = row.count / encoding.elementsPerBlock * encoding.bytesPerBlock
      withUnsafeTemporaryAllocation(byteCount: count, alignment: 64) { blocks in
        format.encode(row, importance: importance, into: blocks)
        format.decode(UnsafeRawBufferPointer(blocks), into: values)
      }
    case .groups(let offset, let bits, let size, let scales):
      let encoder = GroupEncoder(
        offset: offset, bits: bits, groupSize: size, scaleEncoding: scales)
      var codes = GroupEncoder.Row(columns: row.count, groups: row.count / size)
      encoder.encode(row, importance: importance, into: &codes)
      decode(codes, bits: bits, size: size, into: values)
    }
  }

  private func decode(
    _ row: GroupEncoder.Row, bits: Int, size: Int,
    into values: UnsafeMutableBufferPointer<Float>
  ) {
    let isTable = size == 16 || name == "mlx-mxfp4"
    let codes = PackedCodes(grid: isTable ? .e2m1 : .integer, bits: bits)
    let scales: [Float] =
      !isTable
      ? row.scales
      : row.scaleBytes.map { size == 16 ? Float8.e4m3[Int($0)] : Float8.e8m0[Int($0)] }
    row.codes.withUnsafeBufferPointer { stored in
      scales.withUnsafeBufferPointer { scales in
        if isTable {
          codes.decode(stored, scales: scales, groupSize: size, into: values)
        } else {
          row.offsets.withUnsafeBufferPointer {
            codes.decode(stored, scales: scales, offsets: $0, groupSize: size, into: values)
          }
        }
      }
    }
  }
}
