// SPDX-License-Identifier: Apache-2.0

/// The type of a metadata value, with its id in the file. `Formats/gguf.md`
package enum GGUFValueType: UInt32, Sendable, CaseIterable {
  case uint8, int8, uint16, int16, uint32, int32, float32, bool, string, array
  case uint64, int64, float64

  /// Bytes of one value, or nil where that differs from value to value.
  package var size: Int? {
    switch self {
    case .uint8, .int8, .bool: 1
    case .uint16, .int16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64: 8
    case .string, .array: nil
    }
  }
}

/// A value of GGUF metadata, in exactly the type that the file gives it.
package enum GGUFValue: Sendable {
  case uint8(UInt8)
  case int8(Int8)
  case uint16(UInt16)
  case int16(Int16)
  case uint32(UInt32)
  case int32(Int32)
  case uint64(UInt64)
  case int64(Int64)
  case float32(Float)
  case float64(Double)
  case bool(Bool)
  case string(String)
  case array(GGUFArray)

  package var type: GGUFValueType {
    switch self {
    case .uint8: .uint8
    case .int8: .int8
    case .uint16: .uint16
    case .int16: .int16
    case .uint32: .uint32
    case .int32: .int32
    case .uint64: .uint64
    case .int64: .int64
    case .float32: .float32
    case .float64: .float64
    case .bool: .bool
    case .string: .string
    case .array: .array
    }
  }

  /// The value of any integer type, if it fits.
  package var integer: Int? {
    switch self {
    case .uint8(let value): Int(value)
    case .int8(let value): Int(value)
    case .uint16(let value): Int(value)
    case .int16(let value): Int(value)
    case .uint32(let value): Int(value)
    case .int32(let value): Int(value)
    case .uint64(let value): Int(exactly: value)
    case .int64(let value): Int(exactly: value)
    case .float32, .float64, .bool, .string, .array: nil
    }
  }

  /// The value of any integer or floating-point type.
  package var number: Double? {
    switch self {
    case .float32(let value): Double(value)
    case .float64(let value): value
    case .uint64(let value): Double(value)
    default: integer.map(Double.init)
    }
  }

  package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  package var string: String? { if case .string(let value) = self { value } else { nil } }
  package var array: GGUFArray? { if case .array(let value) = self { value } else { nil } }
  /// The elements of an array of strings.
  package var strings: [String]? { array?.strings }
  /// The elements of an array of any integer type, if all fit.
  package var integers: [Int]? { array?.integers }
  /// The elements of an array of any integer or floating-point type.
  package var numbers: [Double]? { array?.numbers }
}

extension GGUFValue: Equatable {
  /// Equal type and equal bytes: a NaN equals itself, 0 does not equal -0, nor a `uint8` an
  /// `int8`.
  package static func == (a: GGUFValue, b: GGUFValue) -> Bool {
    guard a.type == b.type else { return false }
    if let a = a.array, let b = b.array { return a == b }
    var (left, right) = ([UInt8](), [UInt8]())
    a.append(to: &left)
    b.append(to: &right)
    return left == right
  }
}

extension GGUFValue {
  /// Appends the value as the file stores it, without its type.
  func append(to bytes: inout [UInt8]) {
    switch self {
    case .uint8(let value): value.appendGGUF(to: &bytes)
    case .int8(let value): value.appendGGUF(to: &bytes)
    case .uint16(let value): value.appendGGUF(to: &bytes)
    case .int16(let value): value.appendGGUF(to: &bytes)
    case .uint32(let value): value.appendGGUF(to: &bytes)
    case .int32(let value): value.appendGGUF(to: &bytes)
    case .uint64(let value): value.appendGGUF(to: &bytes)
    case .int64(let value): value.appendGGUF(to: &bytes)
    case .float32(let value): value.appendGGUF(to: &bytes)
    case .float64(let value): value.appendGGUF(to: &bytes)
    case .bool(let value): value.appendGGUF(to: &bytes)
    case .string(let value): value.appendGGUF(to: &bytes)
    case .array(let array): array.append(to: &bytes)
    }
  }
}
