// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Checkpoints
import TestSupport

/// A small GGUF file, each part of which a test can spoil.
struct GGUFBuilder {
  struct Tensor {
    var name = "a"
    var rank: UInt32 = 1
    /// Innermost first, as stored.
    var dimensions: [Int64] = [2]
    var type: UInt32 = 0
    var offset: UInt64 = 0
  }

  var magic = "GGUF"
  var version: UInt32 = 3
  /// The true count unless given.
  var tensorCount: UInt64?
  var metadataCount: UInt64?
  /// Keys with the encoded type and value.
  var metadata: [(key: String, value: [UInt8])] = []
  var tensors: [Tensor] = []
  var alignment = 32
  /// Bytes behind the aligned header.
  var data = 0
  /// A byte that replaces another in the end.
  var spoil: (offset: Int, byte: UInt8)?

  var bytes: [UInt8] {
    var builder = ByteBuilder()
    builder.append(magic)
    builder.append(version, as: UInt32.self)
    builder.append(tensorCount ?? UInt64(tensors.count), as: UInt64.self)
    builder.append(metadataCount ?? UInt64(metadata.count), as: UInt64.self)
    for (key, value) in metadata {
      builder.appendCounted(key)
      builder.append(value)
    }
    for tensor in tensors {
      builder.appendCounted(tensor.name)
      builder.append(tensor.rank, as: UInt32.self)
      for dimension in tensor.dimensions { builder.append(dimension, as: Int64.self) }
      builder.append(tensor.type, as: UInt32.self)
      builder.append(tensor.offset, as: UInt64.self)
    }
    if data > 0 { builder.pad(to: alignment) }
    builder.append([UInt8](repeating: 7, count: data))
    if let spoil { builder.bytes[spoil.offset] = spoil.byte }
    return builder.bytes
  }

  /// A type id with the bytes of a value.
  static func value(_ type: UInt32, _ bytes: [UInt8]) -> [UInt8] {
    var builder = ByteBuilder()
    builder.append(type, as: UInt32.self)
    builder.append(bytes)
    return builder.bytes
  }

  /// An array of elements that are already encoded.
  static func array(_ type: UInt32, count: UInt64, _ bytes: [UInt8] = []) -> [UInt8] {
    var builder = ByteBuilder()
    builder.append(UInt32(9), as: UInt32.self)
    builder.append(type, as: UInt32.self)
    builder.append(count, as: UInt64.self)
    builder.append(bytes)
    return builder.bytes
  }

  @discardableResult
  static func read(_ bytes: [UInt8]) throws -> GGUFFile {
    try GGUFFile(file: bytes.withUnsafeBytes { MappedFile(path: "memory.gguf", copying: $0) })
  }
}
