// SPDX-License-Identifier: Apache-2.0

import BinaryIO

/// An array of GGUF metadata, kept as the bytes of the file and decoded when asked for.
///
/// A vocabulary of a quarter million strings costs nothing until someone reads it, and strings
/// that are not UTF-8 survive copying from file to file.
package struct GGUFArray: Sendable {
  package let elementType: GGUFValueType
  package let count: Int
  private let storage: Storage

  private enum Storage {
    case mapped(MappedFile, Range<Int>)
    case owned([UInt8])
  }

  package init<Element: GGUFElement>(_ elements: [Element]) {
    elementType = Element.ggufType
    count = elements.count
    var bytes: [UInt8] = []
    for element in elements { element.appendGGUF(to: &bytes) }
    storage = .owned(bytes)
  }

  /// Elements where they lie in a file; the range was checked to hold `count` whole ones.
  init(elementType: GGUFValueType, count: Int, file: MappedFile, range: Range<Int>) {
    self.elementType = elementType
    self.count = count
    storage = .mapped(file, range)
  }

  /// Runs a body on the encoded elements, without element type and count.
  package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    switch storage {
    case .mapped(let file, let range):
      withExtendedLifetime(file) { body(UnsafeRawBufferPointer(rebasing: file.bytes[range])) }
    case .owned(let bytes): bytes.withUnsafeBytes(body)
    }
  }

  /// Runs a body on the bytes of each string, as stored; nothing for other element types.
  package func forEachString(_ body: (UnsafeRawBufferPointer) -> Void) {
    guard elementType == .string else { return }
    withBytes { bytes in
      var reader = ByteReader(bytes)
      // The bytes were checked when they were read, so no read fails.
      while let length = try? reader.read(UInt64.self), let text = try? reader.take(length) {
        body(text)
      }
    }
  }

  /// The strings, or nil for another element type; bytes that are not UTF-8 become U+FFFD.
  package var strings: [String]? {
    guard elementType == .string else { return nil }
    var strings: [String] = []
    strings.reserveCapacity(count)
    forEachString { strings.append(String(decoding: $0, as: UTF8.self)) }
    return strings
  }

  /// The elements as integers, or nil for another element type or if one does not fit.
  package var integers: [Int]? {
    switch elementType {
    case .uint8: decoded { (value: UInt8) in Int(value) }
    case .int8: decoded { (value: Int8) in Int(value) }
    case .uint16: decoded { (value: UInt16) in Int(value) }
    case .int16: decoded { (value: Int16) in Int(value) }
    case .uint32: decoded { (value: UInt32) in Int(value) }
    case .int32: decoded { (value: Int32) in Int(value) }
    case .uint64: decoded { (value: UInt64) in Int(exactly: value) }
    case .int64: decoded { (value: Int64) in Int(exactly: value) }
    case .float32, .float64, .bool, .string, .array: nil
    }
  }

  /// The elements as numbers, or nil for an element type that is none.
  package var numbers: [Double]? {
    switch elementType {
    case .float32: decoded { (bits: UInt32) in Double(Float(bitPattern: bits)) }
    case .float64: decoded { (bits: UInt64) in Double(bitPattern: bits) }
    case .uint64: decoded { (value: UInt64) in Double(value) }
    default: integers?.map(Double.init)
    }
  }

  /// The elements as truth values, or nil for another element type.
  package var bools: [Bool]? {
    elementType == .bool ? decoded { (value: UInt8) in value != 0 } : nil
  }

  private func decoded<Raw: FixedWidthInteger & BitwiseCopyable, Value>(
    _ convert: (Raw) -> Value?
  ) -> [Value]? {
    withBytes { bytes in
      var reader = ByteReader(bytes)
      var values: [Value] = []
      values.reserveCapacity(count)
      while let raw = try? reader.read(Raw.self) {
        guard let value = convert(raw) else { return nil }
        values.append(value)
      }
      return values
    }
  }

  /// Appends element type, count and elements as the file stores them.
  func append(to bytes: inout [UInt8]) {
    elementType.rawValue.appendGGUF(to: &bytes)
    UInt64(count).appendGGUF(to: &bytes)
    withBytes { bytes.append(contentsOf: $0) }
  }
}

extension GGUFArray: Equatable {
  /// Equal type and equal bytes.
  package static func == (a: GGUFArray, b: GGUFArray) -> Bool {
    a.elementType == b.elementType && a.count == b.count
      && a.withBytes { left in b.withBytes { right in left.elementsEqual(right) } }
  }
}
