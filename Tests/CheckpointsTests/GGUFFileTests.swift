// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Checkpoints
import Fixtures
import Tensors
import TestSupport
import Testing

struct GGUFFileTests {
  @Test(
    "A broken file gives the error of the rule that it breaks, with the place",
    arguments: BrokenGGUF.all)
  func broken(_ broken: BrokenGGUF) throws {
    let error = try #require(throws: CheckpointError.self) {
      try GGUFBuilder.read(broken.bytes)
    }
    #expect(error.kind == broken.kind, "\(error)")
    #expect(error.byteOffset == broken.offset, "\(error)")
    #expect(error.description.hasPrefix("memory.gguf: "))
  }

  @Test("A removed type is refused by its name", arguments: [4, 5, 31, 32, 33, 36, 37, 38])
  func removedType(_ id: UInt32) throws {
    let builder = GGUFBuilder(tensors: [GGUFBuilder.Tensor(type: id)], data: 32)
    let error = try #require(throws: CheckpointError.self) {
      try GGUFBuilder.read(builder.bytes)
    }
    #expect(error.kind == .typeRemoved)
    #expect(error.byteOffset == 45)
    #expect(error.sentence.contains("Q4_") || error.sentence.contains("IQ4_NL_"))
  }

  @Test("Names from a file cannot steer the terminal that shows an error")
  func controlCharacters() throws {
    let builder = GGUFBuilder(tensors: [GGUFBuilder.Tensor(name: "\u{1B}[2J", type: 43)], data: 32)
    let error = try #require(throws: CheckpointError.self) {
      try GGUFBuilder.read(builder.bytes)
    }
    #expect(error.tensor == "\u{1B}[2J")
    #expect(error.description.hasPrefix("memory.gguf: tensor '\\u{1b}[2J': byte 48: "))
  }

  @Test("Every id from 0 to 42 is an encoding or a removed one, and no other")
  func everyID() {
    let removed: Set<UInt32> = [4, 5, 31, 32, 33, 36, 37, 38]
    for id in UInt32(0)...60 {
      let encoding = Encoding(ggufType: id)
      #expect((encoding != nil) == (id <= 42 && !removed.contains(id)))
      if let encoding { #expect(encoding.ggufType == id) }
    }
  }

  @Test("Versions 2 and 3, no tensors, and an alignment of 64 are fine")
  func fine() throws {
    for version in [2, 3] {
      #expect(try GGUFBuilder.read(GGUFBuilder(version: UInt32(version)).bytes).version == version)
    }
    let builder = GGUFBuilder(
      metadata: [("general.alignment", GGUFBuilder.value(4, [64, 0, 0, 0]))],
      tensors: [GGUFBuilder.Tensor(), GGUFBuilder.Tensor(name: "b", offset: 64)],
      alignment: 64, data: 72)
    let file = try GGUFBuilder.read(builder.bytes)
    #expect(file.alignment == 64)
    #expect(file.tensors.map(\.offset) == [128, 192])
  }

  @Test("Scalars and empty tensors read; shapes come out outermost first")
  func shapes() throws {
    let builder = GGUFBuilder(
      tensors: [
        GGUFBuilder.Tensor(name: "scalar", rank: 0, dimensions: []),
        GGUFBuilder.Tensor(name: "empty", rank: 2, dimensions: [3, 0], offset: 32),
        GGUFBuilder.Tensor(name: "box", rank: 3, dimensions: [2, 3, 5], type: 24, offset: 32),
      ], data: 62)
    let file = try GGUFBuilder.read(builder.bytes)
    #expect(file.tensors.map(\.shape) == [[], [0, 3], [5, 3, 2]])
    #expect(file.tensors.map(\.byteCount) == [4, 0, 30])
  }

  @Test("A file with every value type and tensor type, made by the gguf package, reads")
  func everyType() throws {
    let file = try GGUFFile(
      file: try MappedFile(path: Fixtures.path("checkpoints/every-type.gguf")))
    let metadata = file.metadata
    #expect(metadata["general.architecture"]?.string == "every-type")
    #expect(metadata["scalar.uint8"] == .uint8(255))
    #expect(metadata["scalar.int8"] == .int8(-128))
    #expect(metadata["scalar.uint16"] == .uint16(65535))
    #expect(metadata["scalar.int16"] == .int16(-32768))
    #expect(metadata["scalar.uint32"] == .uint32(.max))
    #expect(metadata["scalar.int32"] == .int32(.min))
    #expect(metadata["scalar.uint64"] == .uint64(.max))
    #expect(metadata["scalar.int64"] == .int64(.min))
    #expect(metadata["scalar.float32"] == .float32(0.5))
    #expect(metadata["scalar.float64"] == .float64(0.1))
    #expect(metadata["scalar.bool"] == .bool(true))
    #expect(metadata["scalar.string"] == .string("naïve \u{1F600}"))
    #expect(metadata["scalar.uint64"]?.integer == nil)
    #expect(metadata["scalar.int64"]?.integer == .min)
    #expect(metadata["scalar.float32"]?.number == 0.5)
    #expect(metadata["array.uint8"]?.integers == [0, 255])
    #expect(metadata["array.int8"]?.integers == [-128, 127])
    #expect(metadata["array.uint16"]?.integers == [0, 65535])
    #expect(metadata["array.int16"]?.integers == [-32768, 32767])
    #expect(metadata["array.uint32"]?.integers == [0, 4_294_967_295])
    #expect(metadata["array.int32"]?.numbers == [-2_147_483_648, 2_147_483_647])
    #expect(metadata["array.uint64"]?.integers == nil)
    #expect(metadata["array.int64"]?.integers == [.min, .max])
    #expect(metadata["array.float32"]?.numbers == [-1.5, 0.25])
    #expect(metadata["array.float64"] == .array(GGUFArray([0.1, -0.0])))
    #expect(metadata["array.bool"]?.array?.bools == [true, false, true])
    #expect(
      metadata["array.string"]?.strings?.map { Array($0.utf8) }
        == ["a", "", "\u{E9}", "e\u{301}"].map { Array($0.utf8) })

    var checked = 0
    for tensor in file.tensors where tensor.name.hasPrefix("t.") {
      #expect(tensor.encoding.rawValue == tensor.name.dropFirst(2))
      #expect(tensor.shape == [1, 2 * tensor.encoding.elementsPerBlock])
      #expect(tensor.byteCount == 2 * tensor.encoding.bytesPerBlock)
      let id = try #require(tensor.encoding.ggufType)
      #expect(tensor.bytes.first == UInt8(id))
      #expect(tensor.bytes.last == UInt8(truncatingIfNeeded: (tensor.byteCount - 1) * 7 + Int(id)))
      checked += 1
    }
    #expect(checked == 33)
    #expect(file.tensors.last?.shape == [2, 3, 5])
  }
}
