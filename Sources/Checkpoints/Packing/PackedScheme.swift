// SPDX-License-Identifier: Apache-2.0

package import BlockFormats

/// How the weights of a module are packed into tensors of their own for codes, scales and offsets.
///
/// Layouts: `Formats/mlx.md`, `compressed-tensors.md`, `gptq.md`, `awq.md`.
package struct PackedScheme: Sendable, Hashable, CustomStringConvertible {
  /// Whose convention it is.
  package enum Family: String, Sendable, Hashable {
    case mlx = "MLX"
    case compressedTensors = "compressed-tensors"
    case gptq = "GPTQ"
    case awq = "AWQ"
    case mxfp4 = "GPT-OSS"
  }

  /// What is taken from a code before it is scaled.
  package enum Offset: Sendable, Hashable {
    /// Nothing: the numbers have a sign of their own.
    case none
    /// The same for all groups: the middle of the codes.
    case middle
    /// A whole number a group.
    case zeroPoint
    /// y = q·scale + bias, a bias a group.
    case bias
  }

  package let family: Family
  package let grid: PackedCodes.Grid
  /// Of one code.
  package let bits: Int
  /// Consecutive inputs that share a scale.
  package let groupSize: Int
  package let offset: Offset

  package init(
    family: Family, grid: PackedCodes.Grid, bits: Int, groupSize: Int, offset: Offset
  ) {
    self.family = family
    self.grid = grid
    self.bits = bits
    self.groupSize = groupSize
    self.offset = offset
  }

  /// What it is called, such as `MLX 4-bit, groups of 64`.
  package var description: String {
    let kind =
      switch (grid, groupSize) {
      case (.integer, _): "\(bits)-bit"
      case (.e2m1, 16): "nvfp4"
      case (.e2m1, _): "mxfp4"
      case (.e4m3, _): "mxfp8"
      }
    let sign = family == .compressedTensors && offset == .zeroPoint ? " asymmetric" : ""
    return "\(family.rawValue) \(kind)\(sign), groups of \(groupSize)"
  }
}
