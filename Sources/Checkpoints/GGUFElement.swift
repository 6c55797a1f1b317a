// SPDX-License-Identifier: Apache-2.0

/// A Swift type that GGUF metadata stores, alone or in an array.
package protocol GGUFElement: Sendable {
  static var ggufType: GGUFValueType { get }
  /// Appends the value as the file stores it: little-endian, a string with its length before it.
  func appendGGUF(to bytes: inout [UInt8])
}

extension FixedWidthInteger where Self: BitwiseCopyable {
  package func appendGGUF(to bytes: inout [UInt8]) {
    withUnsafeBytes(of: littleEndian) { bytes.append(contentsOf: $0) }
  }
}

extension UInt8: GGUFElement { package static var ggufType: GGUFValueType { .uint8 } }
extension Int8: GGUFElement { package static var ggufType: GGUFValueType { .int8 } }
extension UInt16: GGUFElement { package static var ggufType: GGUFValueType { .uint16 } }
extension Int16: GGUFElement { package static var ggufType: GGUFValueType { .int16 } }
extension UInt32: GGUFElement { package static var ggufType: GGUFValueType { .uint32 } }
extension Int32: GGUFElement { package static var ggufType: GGUFValueType { .int32 } }
extension UInt64: GGUFElement { package static var ggufType: GGUFValueType { .uint64 } }
extension Int64: GGUFElement { package static var ggufType: GGUFValueType { .int64 } }

extension Float: GGUFElement {
  package static var ggufType: GGUFValueType { .float32 }
  package func appendGGUF(to bytes: inout [UInt8]) { bitPattern.appendGGUF(to: &bytes) }
}

extension Double: GGUFElement {
  package static var ggufType: GGUFValueType { .float64 }
  package func appendGGUF(to bytes: inout [UInt8]) { bitPattern.appendGGUF(to: &bytes) }
}

extension Bool: GGUFElement {
  package static var ggufType: GGUFValueType { .bool }
  package func appendGGUF(to bytes: inout [UInt8]) { bytes.append(self ? 1 : 0) }
}

extension String: GGUFElement {
  package static var ggufType: GGUFValueType { .string }
  package func appendGGUF(to bytes: inout [UInt8]) {
    UInt64(utf8.count).appendGGUF(to: &bytes)
    bytes.append(contentsOf: utf8)
  }
}
