// SPDX-License-Identifier: Apache-2.0

import BlockFormats
package import Checkpoints
package import Tensors

/// How one weight is written as planes of codes, scales and offsets.
package struct PackedEncoding: Sendable, Hashable {
  package let scheme: PackedScheme
  /// Of scales and biases; nil where scales are bytes.
  package let numbers: Encoding?
  /// Whether the codes are those of the source.
  package let isCarried: Bool

  package init(scheme: PackedScheme, numbers: Encoding?, isCarried: Bool = false) {
    self.scheme = scheme
    self.numbers = numbers
    self.isCarried = isCarried
  }

  /// The name of a module, from that of its weight.
  package static func module(of name: String) -> String {
    name.hasSuffix(".weight") ? String(name.dropLast(".weight".count)) : name
  }

  /// What finds the codes.
  func encoder() -> GroupEncoder {
    let offset: GroupEncoder.Offset =
      switch scheme.offset {
      case .none: .none
      case .middle: .middle
      case .zeroPoint: .zeroPoint
      case .bias: .bias
      }
    return GroupEncoder(
      offset: offset, bits: scheme.bits, groupSize: scheme.groupSize, scaleEncoding: numbers)
  }

  /// The planes of a weight in the order in which they are written, codes first.
  package func descriptions(of name: String, shape: Shape) -> [TensorDescription] {
    let module = PackedEncoding.module(of: name)
    let outer = Array(shape.dimensions.dropLast())
    let columns = shape.rowLength
    let words = (columns * scheme.bits + 31) / 32
    let groups = (columns + scheme.groupSize - 1) / scheme.groupSize
    func plane(_ suffix: String, _ encoding: Encoding, _ dimensions: [Int]) -> TensorDescription {
      TensorDescription(
        name: module + "." + suffix, encoding: encoding, shape: Shape(dimensions))
    }
    switch scheme.family {
    case .compressedTensors:
      var planes = [plane("weight_packed", .i32, outer + [words])]
      if scheme.offset == .zeroPoint {
        let rows = outer.reduce(1, *)
        planes.append(
          plane("weight_zero_point", .i32, [(rows * scheme.bits + 31) / 32, groups]))
      }
      return planes + [plane("weight_scale", numbers ?? .u8, outer + [groups])]
    case .mlx, .gptq, .awq, .mxfp4:
      var planes = [
        plane("weight", .u32, outer + [words]), plane("scales", numbers ?? .u8, outer + [groups]),
      ]
      if scheme.offset == .bias {
        planes.append(plane("biases", numbers ?? .f32, outer + [groups]))
      }
      return planes
    }
  }

  /// Whether what follows the planes in a file is aligned to four bytes.
  func isAligned(shape: Shape) -> Bool {
    let bytes = descriptions(of: "", shape: shape).reduce(0) {
      $0 + ($1.encoding.byteCount(elements: $1.shape.elementCount ?? 0) ?? 0)
    }
    return bytes % 4 == 0
  }
}
