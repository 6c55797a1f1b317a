// SPDX-License-Identifier: Apache-2.0

package import BlockFormats
package import Checkpoints
import Tensors

/// What the weights of a packed folder become.
package struct PackedTarget: Sendable, Hashable {
  package let family: PackedScheme.Family
  /// As users know it: it becomes part of the folder's name.
  package let name: String
  package let grid: PackedCodes.Grid
  package let bits: Int
  package let groupSize: Int
  package let offset: PackedScheme.Offset

  /// The names of MLX's types, and of those of compressed-tensors.
  package static let mlxTypes = [
    "2bit", "3bit", "4bit", "5bit", "6bit", "8bit", "mxfp4", "nvfp4",
  ]
  package static let compressedTensorsTypes = ["int4", "int8"]
  package static let groupSizes = [32, 64, 128]

  /// Every name that a target may have, the longer ones first.
  static var names: [String] {
    let offsets = ["-asymmetric", ""]
    let types = mlxTypes + compressedTensorsTypes.flatMap { type in offsets.map { type + $0 } }
    return types.flatMap { type in groupSizes.map { "\(type)-g\($0)" } + [type] }
  }

  /// A type of MLX.
  ///
  /// - Parameters:
  ///   - type: One of ``mlxTypes``, in any case.
  ///   - groupSize: 32, 64 or 128; nil for the usual 64, and for types that have but one.
  /// - Returns: The target.
  /// - Throws: ``ConversionError/request(_:)`` if there is none of these.
  package static func mlx(
    type: String, groupSize: Int? = nil
  ) throws(ConversionError) -> PackedTarget {
    let name = type
    let type = type.lowercased()
    guard mlxTypes.contains(type) else {
      throw .request(
        "MLX has no type '\(name)'; known are \(mlxTypes.joined(separator: ", "))")
    }
    guard let bits = Int(type.dropLast("bit".count)), type.hasSuffix("bit") else {
      let size = type == "nvfp4" ? 16 : 32
      guard groupSize ?? size == size else {
        throw .request("--group-size: \(type) has groups of \(size); leave it out")
      }
      return PackedTarget(
        family: .mlx, name: type, grid: .e2m1, bits: 4, groupSize: size, offset: .none)
    }
    let size = try checked(groupSize ?? 64)
    return PackedTarget(
      family: .mlx, name: type + (size == 64 ? "" : "-g\(size)"), grid: .integer, bits: bits,
      groupSize: size, offset: .bias)
  }

  /// A type of compressed-tensors, in pack-quantized.
  ///
  /// - Parameters:
  ///   - type: One of ``compressedTensorsTypes``, in any case.
  ///   - groupSize: 32, 64 or 128; nil for 128.
  ///   - isSymmetric: Whether zero is the middle of the codes, or each group has its own.
  /// - Returns: The target.
  /// - Throws: ``ConversionError/request(_:)`` if there is none of these.
  package static func compressedTensors(
    type: String, groupSize: Int? = nil, isSymmetric: Bool = true
  ) throws(ConversionError) -> PackedTarget {
    let name = type
    let type = type.lowercased()
    guard compressedTensorsTypes.contains(type), let bits = Int(type.dropFirst("int".count)) else {
      throw .request(
        "compressed-tensors has no type '\(name)'; known are "
          + compressedTensorsTypes.joined(separator: ", "))
    }
    let size = try checked(groupSize ?? 128)
    return PackedTarget(
      family: .compressedTensors,
      name: type + (isSymmetric ? "" : "-asymmetric") + (size == 128 ? "" : "-g\(size)"),
      grid: .integer, bits: bits, groupSize: size, offset: isSymmetric ? .middle : .zeroPoint)
  }

  private static func checked(_ size: Int) throws(ConversionError) -> Int {
    guard groupSizes.contains(size) else {
      throw .request("--group-size: expected 32, 64 or 128, found \(size)")
    }
    return size
  }

  func scheme(groupSize: Int) -> PackedScheme {
    PackedScheme(family: family, grid: grid, bits: bits, groupSize: groupSize, offset: offset)
  }

  /// What an entry of a packed folder takes in this type; nil where its rows are no whole groups.
  package func byteCount(of entry: ConversionPlan.Entry) -> Int? {
    guard let numbers = entry.packing?.numbers,
      let size = groupSize(fitting: entry.shape.rowLength)
    else { return nil }
    var entry = entry
    entry.packing = PackedEncoding(scheme: scheme(groupSize: size), numbers: numbers)
    guard entry.packing?.isAligned(shape: entry.shape) ?? false else { return nil }
    return entry.byteCount
  }

  /// The largest group that rows are whole multiples of, not above the wanted one; nil if none is.
  func groupSize(fitting columns: Int) -> Int? {
    let sizes = grid == .integer ? PackedTarget.groupSizes : [groupSize]
    return sizes.reversed().first { $0 <= groupSize && columns % $0 == 0 && columns > 0 }
  }
}

extension PackedTarget {
  /// A type of MLX by the name that it has here, such as `4bit-g32`; nil for none.
  init?(mlxName name: String) {
    let parts = name.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
    var size: Int?
    if parts.count == 2 {
      guard parts[1].hasPrefix("g"), let number = Int(parts[1].dropFirst()) else { return nil }
      size = number
    }
    guard let type = parts.first, parts.count < 3,
      let target = try? PackedTarget.mlx(type: type, groupSize: size)
    else { return nil }
    self = target
  }
}
