// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Checkpoints
import Fixtures
import Tensors
import TestSupport
import Testing

struct GGUFWriterTests {
  @Test("What the gguf package wrote is written again byte for byte")
  func sameBytesAsReference() throws {
    let folder = try TemporaryFolder()
    let source = try Checkpoint(path: Fixtures.path("checkpoints/every-type.gguf"))
    let path = folder.file("again.gguf")
    let writer = try GGUFWriter(
      path: path, metadata: source.metadata, tensors: source.tensors.map(\.description))
    for tensor in source.tensors { try writer.append(tensor.bytes) }
    try writer.finish()
    #expect(try TemporaryFolder.read(path) == TemporaryFolder.read(source.path))
  }

  @Test("How the bytes are cut into calls does not matter", arguments: [1, 5, 1000])
  func cuts(_ size: Int) throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.gguf")
    let data = (0..<118).map(UInt8.init)
    let writer = try GGUFWriter(
      path: path, metadata: ["k": .string("v")],
      tensors: [
        TensorDescription(name: "empty", encoding: .f32, shape: [0, 3]),
        TensorDescription(name: "a", encoding: .q8_0, shape: [1, 3, 32]),
        TensorDescription(name: "also empty", encoding: .f32, shape: [0]),
        TensorDescription(name: "b", encoding: .f32, shape: []),
        TensorDescription(name: "c", encoding: .i8, shape: [12]),
        TensorDescription(name: "last", encoding: .f32, shape: [0]),
      ])
    for start in stride(from: 0, to: data.count, by: size) {
      try Array(data[start..<min(start + size, data.count)]).withUnsafeBytes { bytes throws in
        try writer.append(bytes)
      }
    }
    try writer.finish()
    let read = try Checkpoint(path: path)
    #expect(read.tensors.map(\.name) == ["empty", "a", "also empty", "b", "c", "last"])
    #expect(read["a"]?.shape == [1, 3, 32])
    #expect(read.tensors.flatMap { Array($0.bytes) } == data)
    #expect(read.metadata == ["k": .string("v")])
    #expect(try Folder.names(in: folder.path) == ["a.gguf"])
  }

  static let unwritable: [(CheckpointError.Kind, [TensorDescription])] = [
    (
      .nameTooLong,
      [.init(name: String(repeating: "x", count: 64), encoding: .f32, shape: [1])]
    ),
    (.tooManyDimensions, [.init(name: "a", encoding: .f32, shape: [1, 1, 1, 1, 1])]),
    (.encodingUnsupported, [.init(name: "a", encoding: .f8E4M3, shape: [1])]),
    (.rowNotDivisible, [.init(name: "a", encoding: .q4_K, shape: [256, 128])]),
    (.shapeTooLarge, [.init(name: "a", encoding: .f32, shape: [.max, .max])]),
    (.shapeTooLarge, [.init(name: "a", encoding: .f32, shape: [-1])]),
    (
      .tensorDuplicate,
      [.init(name: "a", encoding: .f32, shape: [1]), .init(name: "a", encoding: .f16, shape: [1])]
    ),
    (.system, [.init(name: "a", encoding: .i8, shape: [1 << 62])]),
  ]

  @Test(
    "What GGUF or the disk cannot hold is refused before anything is written", arguments: unwritable
  )
  func refused(_ kind: CheckpointError.Kind, _ tensors: [TensorDescription]) throws {
    let folder = try TemporaryFolder()
    let error = try #require(throws: CheckpointError.self) {
      try GGUFWriter(path: folder.file("a.gguf"), metadata: [:], tensors: tensors)
    }
    #expect(error.kind == kind)
    #expect(try Folder.names(in: folder.path).isEmpty)
  }

  @Test("Another alignment than the one that is written is refused")
  func alignment() throws {
    let folder = try TemporaryFolder()
    let error = try #require(throws: CheckpointError.self) {
      try GGUFWriter(
        path: folder.file("a.gguf"), metadata: ["general.alignment": .uint32(64)], tensors: [])
    }
    #expect(error.kind == .alignmentMalformed)
  }

  @Test("Too many or too few bytes leave no file")
  func wrongCount() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.gguf")
    func attempt(_ count: Int) -> CheckpointError? {
      #expect(throws: CheckpointError.self) {
        let writer = try GGUFWriter(
          path: path, metadata: [:],
          tensors: [TensorDescription(name: "a", encoding: .i8, shape: [4])])
        try [UInt8](repeating: 0, count: count).withUnsafeBytes { bytes throws in
          try writer.append(bytes)
        }
        try writer.finish()
      }
    }
    #expect(attempt(3)?.kind == .unfinished)
    #expect(attempt(3)?.tensor == "a")
    #expect(attempt(5)?.kind == .tooManyBytes)
    #expect(try Folder.names(in: folder.path).isEmpty)
  }

  @Test("Bytes that changed behind the writer's back are found when the file is read back")
  func verification() throws {
    let folder = try TemporaryFolder()
    let writer = try GGUFWriter(
      path: folder.file("a.gguf"), metadata: [:],
      tensors: [TensorDescription(name: "a", encoding: .i8, shape: [5 << 20])])
    let half = [UInt8](repeating: 1, count: 5 << 19)
    try half.withUnsafeBytes { bytes throws in try writer.append(bytes) }
    try half.withUnsafeBytes { bytes throws in try writer.append(bytes) }
    let temporary = try #require(try Folder.names(in: folder.path).first)
    // Until the first buffer has reached the system.
    while try TemporaryFolder.read(folder.file(temporary)).count < 4 << 20 {}
    try folder.patch(temporary, at: 1 << 20, byte: 9)
    let error = try #require(throws: CheckpointError.self) { try writer.finish() }
    #expect(error.kind == .verificationFailed)
    #expect(error.tensor == "a")
    #expect(error.path == folder.file("a.gguf"))
    #expect(try Folder.names(in: folder.path).isEmpty)
  }

  @Test("Metadata keeps order, replaces in place and forgets what is set to nil")
  func metadata() {
    var metadata: GGUFMetadata = ["a": .uint8(1), "b": .bool(true), "c": .int8(1)]
    metadata["a"] = .string("x")
    metadata["b"] = nil
    metadata["\u{E9}"] = .uint8(1)
    metadata["e\u{301}"] = .uint8(2)
    let expected = ["a", "c", "\u{E9}", "e\u{301}"]
    #expect(metadata.keys.map { Array($0.utf8) } == expected.map { Array($0.utf8) })
    #expect(metadata["a"]?.string == "x")
    #expect(metadata["c"]?.integer == 1)
    #expect(metadata["b"] == nil)
    #expect(GGUFValue.float32(.nan) == .float32(.nan))
    #expect(GGUFValue.float32(0) != .float32(-0.0))
    #expect(GGUFValue.uint8(1) != .int8(1))
  }
}
