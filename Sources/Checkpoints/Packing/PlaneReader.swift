// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import BlockFormats
import Notation
import Tensors

/// Gathers the planes of one module and holds them against each other.
struct PlaneReader {
  let tensors: [ExactName: StoredTensor]
  /// The name without its last part, such as `model.layers.0.mlp.down_proj`.
  let module: String
  let configuration: PackingConfiguration

  func name(_ plane: String) -> String { module.isEmpty ? plane : module + "." + plane }

  func ifPresent(_ plane: String) -> StoredTensor? { tensors[ExactName(name(plane))] }

  /// A plane that must be there, with its dtype and number of dimensions.
  func plane(
    _ plane: String, _ encodings: [Encoding], dimensions: ClosedRange<Int>
  ) throws(CheckpointError) -> StoredTensor {
    guard let tensor = ifPresent(plane) else {
      throw error(
        .packingMalformed,
        "the tensor '\(name(plane))' is missing, without which its neighbours mean nothing; the "
          + "checkpoint is not complete")
    }
    return try check(tensor, encodings, dimensions: dimensions)
  }

  func check(
    _ tensor: StoredTensor, _ encodings: [Encoding], dimensions: ClosedRange<Int>
  ) throws(CheckpointError) -> StoredTensor {
    let expected = encodings.map(\.rawValue).joined(separator: " or ")
    guard encodings.contains(tensor.encoding), dimensions.contains(tensor.shape.dimensions.count)
    else {
      let count =
        dimensions.count == 1
        ? "\(dimensions.lowerBound)" : "\(dimensions.lowerBound) to \(dimensions.upperBound)"
      throw error(
        tensor,
        "expected \(expected) of \(count) dimensions, found \(tensor.encoding) "
          + "\(tensor.shape)")
    }
    return tensor
  }

  /// Requires a shape that follows from other planes.
  func require(
    _ tensor: StoredTensor, _ shape: [Int], because reason: String
  ) throws(CheckpointError) {
    guard tensor.shape == Shape(shape) else {
      throw error(
        tensor,
        "expected the shape \(Shape(shape)) \(reason), found \(tensor.shape); the two do "
          + "not belong together")
    }
  }

  /// The group of each input, or nil where groups are consecutive anyway.
  ///
  /// - Throws: ``CheckpointError`` for a group that there is not.
  func groups(
    in tensor: StoredTensor, inputs: Int, groups: Int, groupSize: Int
  ) throws(CheckpointError) -> [Int32]? {
    try require(tensor, [inputs], because: "for so many inputs")
    let bytes = tensor.bytes
    var result = [Int32](repeating: 0, count: inputs)
    var isConsecutive = true
    for input in 0..<inputs {
      let group = bytes.loadUnaligned(fromByteOffset: input * 4, as: Int32.self)
      guard group >= 0, Int(group) < groups else {
        throw error(
          tensor, "expected groups from 0 to \(groups - 1), found \(group) for input \(input)")
      }
      result[input] = group
      isConsecutive = isConsecutive && Int(group) == input / groupSize
    }
    return isConsecutive ? nil : result
  }

  /// A single number.
  func number(_ tensor: StoredTensor) throws(CheckpointError) -> Float {
    let tensor = try check(tensor, [.f32, .f16, .bf16], dimensions: 0...2)
    guard tensor.shape.elementCount == 1, let format = BlockFormats.format(for: tensor.encoding)
    else { throw error(tensor, "expected one number, found \(tensor.shape)") }
    return format.decode(Array(tensor.bytes))[0]
  }

  /// The tensor that the layers above see.
  func logical(
    _ weight: PackedWeight, shape: [Int], plane: String = "weight"
  ) throws(CheckpointError) -> StoredTensor {
    let codes = weight.codes.tensor
    guard Shape(shape).elementCount != nil else {
      throw error(codes, "the shape \(Shape(shape)) has too many elements")
    }
    return StoredTensor(
      name: name(plane), encoding: codes.encoding, shape: Shape(shape), file: codes.file,
      offset: codes.offset, byteCount: codes.byteCount, packed: weight)
  }

  func error(_ tensor: StoredTensor, _ sentence: String) -> CheckpointError {
    CheckpointError(
      .packingMalformed, path: tensor.file.path, tensor: tensor.name, sentence)
  }

  func error(_ kind: CheckpointError.Kind, _ sentence: String) -> CheckpointError {
    let codes = ["weight", "qweight", "weight_packed"].lazy.compactMap(ifPresent).first
    return CheckpointError(kind, path: codes?.file.path ?? configuration.path, sentence)
  }
}

/// `a * b` of numbers that are not negative, or nil if it overflows.
func product(_ a: Int, _ b: Int) -> Int? {
  let (result, overflow) = a.multipliedReportingOverflow(by: b)
  return overflow ? nil : result
}

/// Words of 32 bits that hold so many fields, or nil if that overflows.
func wordCount(of count: Int, bits: Int) -> Int? {
  product(count, bits).map { $0 / 32 + ($0 % 32 == 0 ? 0 : 1) }
}
