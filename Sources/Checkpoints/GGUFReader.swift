// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Tensors

/// Reads the parts of a GGUF header one after the other.
struct GGUFReader {
  /// The fewest bytes that a key with its value takes: a length, a type and one byte.
  private static let smallestEntry: UInt64 = 8 + 4 + 1

  let file: MappedFile
  var reader: ByteReader
  /// The key or tensor that is being read, for messages.
  var subject = "the header"
  private var alignmentPlace: (value: GGUFValue, offset: Int)?

  init(file: MappedFile) {
    self.file = file
    reader = ByteReader(file.bytes)
  }

  mutating func header() throws(CheckpointError) -> (
    version: Int, tensorCount: UInt64, metadataCount: UInt64
  ) {
    _ = try take(4)
    let version: UInt32 = try read()
    guard version & 0xFFFF != 0 || version == 0 else {
      throw error(
        .bigEndian, at: 4, "the file is big-endian; convert it on the machine that made it")
    }
    guard version == 2 || version == 3 else {
      throw error(
        .versionUnsupported, at: 4,
        "expected GGUF version 2 or 3, found \(version); "
          + (version < 2 ? "convert the original model again" : "a newer program made it"))
    }
    let tensorCount: UInt64 = try read()
    let metadataCount: UInt64 = try read()
    return (Int(version), tensorCount, metadataCount)
  }

  mutating func metadata(count: UInt64) throws(CheckpointError) -> GGUFMetadata {
    try requireRoom(
      for: count, each: GGUFReader.smallestEntry, at: 16, "metadata entries")
    var metadata = GGUFMetadata()
    for _ in 0..<count {
      subject = "a metadata key"
      let keyOffset = reader.position
      let key = try text(.keyMalformed)
      subject = "the key '\(key)'"
      guard metadata[key] == nil else {
        throw error(.keyDuplicate, at: keyOffset, "the key '\(key)' stands here twice")
      }
      let type = try valueType()
      let valueOffset = reader.position
      let value = try value(of: type)
      if key == "general.alignment" { alignmentPlace = (value, valueOffset) }
      metadata[key] = value
    }
    return metadata
  }

  func alignment() throws(CheckpointError) -> Int {
    guard let (value, offset) = alignmentPlace else { return GGUFFile.defaultAlignment }
    guard case .uint32(let alignment) = value, alignment.nonzeroBitCount == 1 else {
      throw error(
        .alignmentMalformed, at: offset,
        "general.alignment must be a uint32 that is a power of two, found \(value)")
    }
    return Int(alignment)
  }

  // MARK: Values

  private mutating func valueType() throws(CheckpointError) -> GGUFValueType {
    let offset = reader.position
    let id: UInt32 = try read()
    guard let type = GGUFValueType(rawValue: id) else {
      throw error(
        .valueTypeUnknown, at: offset,
        "\(subject) has a value of the unknown type \(id), expected 0 to 12")
    }
    return type
  }

  private mutating func value(of type: GGUFValueType) throws(CheckpointError) -> GGUFValue {
    switch type {
    case .uint8: .uint8(try read())
    case .int8: .int8(try read())
    case .uint16: .uint16(try read())
    case .int16: .int16(try read())
    case .uint32: .uint32(try read())
    case .int32: .int32(try read())
    case .uint64: .uint64(try read())
    case .int64: .int64(try read())
    case .float32: .float32(Float(bitPattern: try read()))
    case .float64: .float64(Double(bitPattern: try read()))
    case .bool: .bool(try bool())
    case .string: .string(try text(.textMalformed))
    case .array: .array(try array())
    }
  }

  private mutating func bool() throws(CheckpointError) -> Bool {
    let byte: UInt8 = try read()
    guard byte <= 1 else {
      throw error(
        .boolMalformed, at: reader.position - 1,
        "\(subject) has a truth value of \(byte), expected 0 or 1")
    }
    return byte == 1
  }

  private mutating func array() throws(CheckpointError) -> GGUFArray {
    let typeOffset = reader.position
    let type = try valueType()
    guard type != .array else {
      throw error(
        .nestedArray, at: typeOffset, "\(subject) holds an array of arrays, which GGUF has not")
    }
    let countOffset = reader.position
    let count: UInt64 = try read()
    let size = UInt64(type.size ?? 8)
    try requireRoom(for: count, each: size, at: countOffset, "elements of \(subject)")
    let start = reader.position
    if type == .string {
      for _ in 0..<count { _ = try take(read()) }
    } else {
      let elements = try take(count * size)
      if type == .bool, let bad = elements.firstIndex(where: { $0 > 1 }) {
        throw error(
          .boolMalformed, at: start + bad,
          "\(subject) holds a truth value of \(elements[bad]), expected 0 or 1")
      }
    }
    return GGUFArray(
      elementType: type, count: Int(count), file: file, range: start..<reader.position)
  }

  // MARK: Primitives

  /// Reads a string that must be UTF-8.
  mutating func text(_ kind: CheckpointError.Kind) throws(CheckpointError) -> String {
    let bytes = try take(read())
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw error(kind, at: reader.position - bytes.count, "\(subject) is not valid UTF-8")
    }
    return text
  }

  mutating func read<Integer: FixedWidthInteger & BitwiseCopyable>()
    throws(CheckpointError) -> Integer
  {
    do throws(TruncatedError) { return try reader.read() } catch { throw truncated(error) }
  }

  mutating func take(_ count: UInt64) throws(CheckpointError) -> UnsafeRawBufferPointer {
    do throws(TruncatedError) { return try reader.take(count) } catch { throw truncated(error) }
  }

  /// Refuses a count that the rest of the file cannot hold, before anything is made of it.
  func requireRoom(
    for count: UInt64, each size: UInt64, at offset: Int, _ what: String
  ) throws(CheckpointError) {
    guard count <= UInt64(reader.remaining) / size else {
      throw error(
        .countTooLarge, at: offset,
        "found a count of \(count) \(what), more than the rest of the file can hold; "
          + "it is cut off or damaged")
    }
  }

  func error(
    _ kind: CheckpointError.Kind, at offset: Int, tensor: String? = nil, _ sentence: String
  ) -> CheckpointError {
    CheckpointError(kind, path: file.path, tensor: tensor, byteOffset: offset, sentence)
  }

  private func truncated(_ error: TruncatedError) -> CheckpointError {
    self.error(
      .truncated, at: error.position,
      "expected \(error.wanted) more bytes in \(subject), found \(error.available); "
        + "the file is cut off, copy or download it again")
  }
}
