// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Checkpoints
import Fixtures
import Tensors
import TestSupport
import Testing

struct SafetensorsFileTests {
  @Test("A file with every dtype, written by the reference implementation, reads")
  func everyDtype() throws {
    let file = try SafetensorsFile(
      file: try MappedFile(path: Fixtures.path("checkpoints/every-dtype.safetensors")))
    #expect(file.metadata.map(\.key) == ["format"])
    #expect(file.metadata.map(\.value) == ["pt"])
    let tensors = Dictionary(uniqueKeysWithValues: file.tensors.map { ($0.name, $0) })
    let expected: [(String, Encoding)] = [
      ("bool", .bool), ("uint8", .u8), ("int8", .i8), ("uint16", .u16), ("int16", .i16),
      ("uint32", .u32), ("int32", .i32), ("uint64", .u64), ("int64", .i64), ("float16", .f16),
      ("bfloat16", .bf16), ("float32", .f32), ("float64", .f64), ("complex64", .complex64),
      ("float8_e4m3fn", .f8E4M3), ("float8_e4m3fnuz", .f8E4M3FNUZ), ("float8_e5m2", .f8E5M2),
      ("float8_e5m2fnuz", .f8E5M2FNUZ), ("float8_e8m0fnu", .f8E8M0),
    ]
    for (name, encoding) in expected {
      let tensor = try #require(tensors[name], "\(name)")
      #expect(tensor.encoding == encoding)
      #expect(tensor.shape == [2, 3])
      #expect(tensor.bytes.last == (encoding == .bool ? 1 : UInt8(tensor.byteCount - 1)))
    }
    #expect(tensors["float4_e2m1fn_x2"]?.encoding == .f4)
    #expect(tensors["float4_e2m1fn_x2"]?.byteCount == 6)
    #expect(tensors["scalar"]?.shape == [])
    #expect(tensors["scalar"]?.bytes.loadUnaligned(as: Float.self) == 0.5)
    #expect(tensors["empty"]?.shape == [0, 4])
    #expect(tensors["empty"]?.bytes.isEmpty == true)
    #expect(file.tensors.map(\.offset) == file.tensors.map(\.offset).sorted())
  }

  @Test(
    "A broken file gives the error of the rule that it breaks, with the place",
    arguments: BrokenSafetensors.all)
  func broken(_ broken: BrokenSafetensors) throws {
    let error = try #require(
      throws: CheckpointError.self, performing: { try Self.read(broken.bytes) })
    #expect(error.kind == broken.kind, "\(error)")
    #expect(error.byteOffset == broken.offset, "\(error)")
    #expect(error.description.hasPrefix("memory.safetensors: "))
  }

  @Test("A header without tensors and one padded with spaces are fine")
  func fine() throws {
    var builder = ByteBuilder()
    builder.append(UInt64(8), as: UInt64.self)
    builder.append("{}      ")
    #expect(try Self.read(builder.bytes).tensors.isEmpty)
  }

  @Test("Names are kept byte for byte, however strange")
  func strangeNames() throws {
    let names = ["", "../a", "\u{E9}", "e\u{301}", "\u{1F600}\"\\\n"]
    let entries = names.enumerated().map { place, name in
      BrokenSafetensors.entry(
        Self.escaped(name), dtype: "U8", shape: "[1]", at: "[\(place),\(place + 1)]")
    }
    var builder = ByteBuilder()
    let header = "{" + entries.joined(separator: ",") + "}"
    builder.append(UInt64(header.utf8.count), as: UInt64.self)
    builder.append(header)
    builder.append([UInt8](repeating: 0, count: names.count))
    let read = try Self.read(builder.bytes).tensors.map(\.name)
    #expect(read.map { Array($0.utf8) } == names.map { Array($0.utf8) })
  }

  static func escaped(_ name: String) -> String {
    name.unicodeScalars.map { scalar in
      switch scalar {
      case "\"": "\\\""
      case "\\": "\\\\"
      case "\n": "\\n"
      default: String(scalar)
      }
    }.joined()
  }

  @discardableResult
  static func read(_ bytes: [UInt8]) throws -> SafetensorsFile {
    try SafetensorsFile(
      file: bytes.withUnsafeBytes { MappedFile(path: "memory.safetensors", copying: $0) })
  }
}
