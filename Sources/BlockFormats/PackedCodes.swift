// SPDX-License-Identifier: Apache-2.0

internal import CKernels
package import Tensors

/// Codes of a few bits whose scales are stored apart, one row at a time.
///
/// Scales and offsets come as Float32, one a group of consecutive codes.
package struct PackedCodes: Sendable {
  /// What the codes stand for.
  package enum Grid: String, Sendable, Hashable {
    /// Whole numbers from 0.
    case integer
    /// One sign, two exponent and one mantissa bit: 0, 0.5, 1, 1.5, 2, 3, 4, 6.
    case e2m1
    /// ``Float8/e4m3``
    case e4m3
  }

  package let grid: Grid
  /// 1 to 8.
  package let bits: Int
  let instructionSet: InstructionSet
  private let table: [Float]

  package init(grid: Grid, bits: Int, on instructionSet: InstructionSet = .current) {
    precondition((1...8).contains(bits), "\(bits) bits")
    self.grid = grid
    self.bits = bits
    self.instructionSet = instructionSet
    table =
      switch grid {
      case .integer: []
      case .e2m1:
        (0..<256).map { code in
          let magnitude: [Float] = [0, 0.5, 1, 1.5, 2, 3, 4, 6]
          return code & 8 == 0 ? magnitude[code & 7] : -magnitude[code & 7]
        }
      case .e4m3: Float8.e4m3
      }
  }

  /// Bytes of a row of so many codes.
  package func byteCount(of count: Int) -> Int { (count * bits + 7) / 8 }

  /// Takes codes from a stream in which the lowest bit comes first.
  package func unpack(
    _ stored: UnsafeRawBufferPointer, into codes: UnsafeMutableBufferPointer<UInt8>
  ) {
    precondition(stored.count >= byteCount(of: codes.count), "\(stored.count) bytes")
    pk_unpack_codes(
      instructionSet.kernel, stored.baseAddress, Int32(bits), codes.count, codes.baseAddress)
  }

  /// Puts codes into such a stream.
  package func pack(
    _ codes: UnsafeBufferPointer<UInt8>, into stored: UnsafeMutableRawBufferPointer
  ) {
    precondition(stored.count >= byteCount(of: codes.count), "\(stored.count) bytes")
    pk_pack_codes(
      instructionSet.kernel, codes.baseAddress, Int32(bits), codes.count, stored.baseAddress)
  }

  /// values = codes · scale + offset, each operation rounded.
  package func decode(
    _ codes: UnsafeBufferPointer<UInt8>, scales: UnsafeBufferPointer<Float>,
    offsets: UnsafeBufferPointer<Float>, groupSize: Int,
    into values: UnsafeMutableBufferPointer<Float>
  ) {
    check(codes.count, values.count, [scales.count, offsets.count], groupSize)
    pk_decode_offset(
      instructionSet.kernel, codes.baseAddress, scales.baseAddress, offsets.baseAddress, groupSize,
      codes.count, values.baseAddress)
  }

  /// values = (codes − zero) · scale.
  ///
  /// - Parameters:
  ///   - codes: Of one row.
  ///   - scales: One a group.
  ///   - zeros: One a group.
  ///   - groups: The group of each code; nil where groups are consecutive.
  ///   - groupSize: How long a group is where they are.
  ///   - values: Receives as many as there are codes.
  package func decode(
    _ codes: UnsafeBufferPointer<UInt8>, scales: UnsafeBufferPointer<Float>,
    zeros: UnsafeBufferPointer<Float>, groups: UnsafeBufferPointer<Int32>?, groupSize: Int,
    into values: UnsafeMutableBufferPointer<Float>
  ) {
    if groups == nil {
      check(codes.count, values.count, [scales.count, zeros.count], groupSize)
    } else {
      precondition(values.count == codes.count && groups?.count == codes.count)
    }
    pk_decode_zero(
      instructionSet.kernel, codes.baseAddress, scales.baseAddress, zeros.baseAddress,
      groups?.baseAddress, groupSize, codes.count, values.baseAddress)
  }

  /// values = the numbers that the codes stand for · scale.
  package func decode(
    _ codes: UnsafeBufferPointer<UInt8>, scales: UnsafeBufferPointer<Float>, groupSize: Int,
    into values: UnsafeMutableBufferPointer<Float>
  ) {
    precondition(grid != .integer, "whole numbers have a zero or an offset")
    check(codes.count, values.count, [scales.count], groupSize)
    pk_decode_table(
      instructionSet.kernel, codes.baseAddress, table, scales.baseAddress, groupSize, codes.count,
      values.baseAddress)
  }

  private func check(_ codes: Int, _ values: Int, _ groups: [Int], _ groupSize: Int) {
    precondition(
      groupSize > 0 && values == codes && groups.allSatisfy { $0 * groupSize >= codes },
      "\(codes) codes in groups of \(groupSize): \(values) values, \(groups) groups")
  }
}
