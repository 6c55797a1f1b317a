// SPDX-License-Identifier: Apache-2.0

internal import CKernels
package import Tensors

/// Finds codes with the scales and offsets of their groups, for weights that store them apart.
///
/// Searches them together for the least squared error with the numbers as they will be stored.
package struct GroupEncoder: Sendable {
  /// What stands beside the scale of a group.
  package enum Offset: Sendable, Hashable {
    /// y = code · scale + bias, a scale of either sign.
    case bias
    /// y = (code − 2^(bits − 1)) · scale.
    case middle
    /// y = (code − zero) · scale, the zero a code itself.
    case zeroPoint
    /// y = E2M1(code) · scale, the scale E4M3 for 16 codes, else a power of two.
    case none
  }

  /// Codes of one row, and the numbers of its groups as they will be stored.
  package struct Row: Sendable {
    package internal(set) var codes: [UInt8]
    package internal(set) var scales: [Float]
    package internal(set) var offsets: [Float]
    /// The scales of E2M1 codes, a byte each.
    package fileprivate(set) var scaleBytes: [UInt8]

    package init(columns: Int, groups: Int) {
      codes = [UInt8](repeating: 0, count: columns)
      scales = [Float](repeating: 0, count: groups)
      offsets = scales
      scaleBytes = [UInt8](repeating: 0, count: groups)
    }
  }

  /// Larger magnitudes are taken as this: their squares would be infinite.
  package static let largestValue: Float = 1e15

  package let offset: Offset
  package let bits: Int
  package let groupSize: Int
  /// Of scales and biases: F32, F16 or BF16; nil where scales are bytes.
  package let scaleEncoding: Encoding?
  let instructionSet: InstructionSet
  private let type: pk_stored_type

  /// - Precondition: groups of 16, 32, 64 or 128; 2 to 8 bits.
  package init(
    offset: Offset, bits: Int, groupSize: Int, scaleEncoding: Encoding?,
    on instructionSet: InstructionSet = .current
  ) {
    precondition([16, 32, 64, 128].contains(groupSize), "groups of \(groupSize)")
    precondition((2...8).contains(bits), "\(bits) bits")
    self.offset = offset
    self.bits = bits
    self.groupSize = groupSize
    self.scaleEncoding = scaleEncoding
    self.instructionSet = instructionSet
    type =
      switch scaleEncoding {
      case .f16: PK_STORED_F16
      case .bf16: PK_STORED_BF16
      default: PK_STORED_F32
      }
  }

  /// Encodes a row with the importance of its columns, if there is any.
  package func encode(
    _ values: UnsafeBufferPointer<Float>, weighted importance: [Float]?, into row: inout Row
  ) {
    guard let importance else { return encode(values, importance: nil, into: &row) }
    importance.withUnsafeBufferPointer { encode(values, importance: $0, into: &row) }
  }

  /// Encodes a row of whole groups.
  ///
  /// - Parameters:
  ///   - values: NaN is taken as 0, infinities as large numbers.
  ///   - importance: The weight of each squared error; nil: all alike.
  ///   - row: Has room for as many codes and groups.
  package func encode(
    _ values: UnsafeBufferPointer<Float>, importance: UnsafeBufferPointer<Float>?,
    into row: inout Row
  ) {
    let groups = values.count / groupSize
    precondition(
      groups * groupSize == values.count && row.codes.count == values.count
        && row.scales.count == groups && importance?.count ?? values.count == values.count,
      "\(values.count) values in groups of \(groupSize)")
    let (x, w) = (values.baseAddress, importance?.baseAddress)
    let (set, width, size) = (instructionSet.kernel, Int32(bits), Int32(groupSize))
    switch offset {
    case .bias:
      pk_encode_offset(
        set, x, w, width, size, type, groups, &row.codes, &row.scales, &row.offsets)
    case .middle: pk_encode_middle(set, x, w, width, size, type, groups, &row.codes, &row.scales)
    case .zeroPoint:
      pk_encode_zero(set, x, w, width, size, type, groups, &row.codes, &row.scales, &row.offsets)
    case .none: pk_encode_e2m1(set, x, w, size, groups, &row.codes, &row.scaleBytes)
    }
  }
}
