// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Fixtures
import Tensors
import TestSupport

/// A copy of stories260K whose linear layers are packed as GPTQ or AWQ packs them: codes by rounding
/// to nearest, scales in half precision.
struct PackedFixture {
  enum Kind: Sendable, CaseIterable {
    /// Version 1 with the same zero point everywhere, the middle.
    case gptqSymmetric
    /// Version 2 with zero points of their own.
    case gptqAsymmetric
    /// Version 2 with inputs in groups that are not consecutive.
    case gptqOrdered
    case awq
  }

  static let groupSize = 32

  static func make(_ kind: Kind) throws -> FixtureCopy {
    let copy = try FixtureCopy("stories260K")
    try copy.rewrite { tensors in
      tensors = tensors.flatMap { tensor -> [FixtureCopy.Tensor] in
        let name = tensor.description.name
        let shape = tensor.description.shape.dimensions
        guard name.contains("_proj.weight"), shape[1] % groupSize == 0, shape[0] % 8 == 0 else {
          return [tensor]
        }
        return planes(tensor, kind, module: String(name.dropLast(".weight".count)))
      }
    }
    let settings: String
    switch kind {
    case .gptqSymmetric, .gptqAsymmetric, .gptqOrdered:
      let format = kind == .gptqSymmetric ? "gptq" : "gptq_v2"
      settings =
        #"{"quant_method": "gptq", "bits": 4, "group_size": 32, "checkpoint_format": "\#(format)"}"#
    case .awq:
      settings = #"{"quant_method": "awq", "bits": 4, "group_size": 32, "version": "gemm"}"#
    }
    try copy.replace(
      #""torch_dtype": "float32""#,
      with: #""torch_dtype": "float16", "quantization_config": \#(settings)"#, in: "config.json")
    return copy
  }

  private static func planes(
    _ source: FixtureCopy.Tensor, _ kind: Kind, module: String
  ) -> [FixtureCopy.Tensor] {
    let weight = Codes(source, kind)
    let (rows, columns, groups) = (weight.rows, weight.columns, weight.groups)
    func plane(_ name: String, _ shape: [Int], _ words: [UInt32]) -> FixtureCopy.Tensor {
      var plane = source
      plane.description = TensorDescription(
        name: module + "." + name, encoding: .i32, shape: Shape(shape))
      plane.bytes = words.flatMap { word in withUnsafeBytes(of: word.littleEndian) { Array($0) } }
      return plane
    }
    var scales = plane("scales", [groups, rows], [])
    scales.description.encoding = .f16
    scales.bytes = weight.scales.flatMap { bits in
      withUnsafeBytes(of: bits.littleEndian) { Array($0) }
    }
    if kind == .awq {
      let order = [0, 2, 4, 6, 1, 3, 5, 7]
      let codes = words(lines: columns, of: rows) { line, word, nibble in
        weight.codes[(word * 8 + order[nibble]) * columns + line]
      }
      let zeros = words(lines: groups, of: rows) { line, word, nibble in
        weight.zeros[line * rows + word * 8 + order[nibble]]
      }
      return [
        plane("qweight", [columns, rows / 8], codes), plane("qzeros", [groups, rows / 8], zeros),
        scales,
      ]
    }
    let codes = words(lines: columns / 8, of: rows * 8) { line, word, nibble in
      weight.codes[word * columns + line * 8 + nibble]
    }
    let zeros = words(lines: groups, of: rows) { line, word, nibble in
      weight.zeros[line * rows + word * 8 + nibble]
    }
    return [
      plane("qweight", [columns / 8, rows], codes),
      plane(
        "qzeros", [groups, rows / 8],
        kind == .gptqSymmetric ? zeros.map { $0 &- 0x1111_1111 } : zeros), scales,
      plane("g_idx", [columns], weight.groupOf.map { UInt32($0) }),
    ]
  }

  /// Lines of words of eight nibbles, the lowest first.
  private static func words(
    lines: Int, of fields: Int, field: (_ line: Int, _ word: Int, _ nibble: Int) -> UInt32
  ) -> [UInt32] {
    var words: [UInt32] = []
    for line in 0..<lines {
      for word in 0..<fields / 8 {
        var value: UInt32 = 0
        for nibble in 0..<8 { value |= field(line, word, nibble) << UInt32(4 * nibble) }
        words.append(value)
      }
    }
    return words
  }

  /// A weight rounded to nearest.
  private struct Codes {
    let rows: Int
    let columns: Int
    let groups: Int
    let groupOf: [Int]
    /// `[rows, columns]`, and `[groups, rows]`.
    var codes: [UInt32]
    var scales: [UInt16]
    var zeros: [UInt32]

    init(_ tensor: FixtureCopy.Tensor, _ kind: Kind) {
      let shape = tensor.description.shape.dimensions
      let (rows, columns, groups) = (shape[0], shape[1], shape[1] / groupSize)
      (self.rows, self.columns, self.groups) = (rows, columns, groups)
      // Every second input belongs to the next group, around the end.
      groupOf = (0..<columns).map { column in
        let group = column / groupSize
        return kind == .gptqOrdered && column % 2 == 1 ? (group + 1) % groups : group
      }
      let values = tensor.bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
      codes = [UInt32](repeating: 0, count: rows * columns)
      scales = [UInt16](repeating: 0, count: groups * rows)
      zeros = [UInt32](repeating: 0, count: groups * rows)
      for row in 0..<rows {
        for group in 0..<groups {
          let members = (0..<columns).filter { groupOf[$0] == group }
          let inner = members.map { values[row * columns + $0] }
          let (low, high) = (min(0, inner.min() ?? 0), max(0, inner.max() ?? 0))
          let isSymmetric = kind == .gptqSymmetric
          let wanted = isSymmetric ? max(-low, high) / 7.5 : (high - low) / 15
          let bits = HalfPrecision.encodedHalf(max(wanted, 1e-4))
          let scale = HalfPrecision.decoded(half: bits)
          let zero: Float = isSymmetric ? 8 : min(max((-low / scale).rounded(), 0), 15)
          scales[group * rows + row] = bits
          zeros[group * rows + row] = UInt32(zero)
          for column in members {
            let code: Float = (values[row * columns + column] / scale + zero).rounded()
            codes[row * columns + column] = UInt32(min(max(code, 0), 15))
          }
        }
      }
    }
  }
}
