// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Checkpoints
import Fixtures
import Tensors
import TestSupport
import Testing

struct SafetensorsWriterTests {
  @Test(
    "Every fixture survives being written again, and the second time gives the same bytes",
    arguments: [
      "stories260K/model.safetensors", "mm1-tiny/golden.safetensors",
      "checkpoints/every-dtype.safetensors",
    ])
  func roundTrip(_ name: String) throws {
    let folder = try TemporaryFolder()
    let source = try SafetensorsFile(file: try MappedFile(path: Fixtures.path(name)))
    let tensors = Dictionary(uniqueKeysWithValues: source.tensors.map { ($0.name, $0) })
    let order = SafetensorsWriter.storageOrder(source.tensors.map(\.description))
    for copy in ["a", "b"] {
      let writer = try SafetensorsWriter(
        path: folder.file(copy), metadata: source.metadata, tensors: order)
      for description in order { try writer.append(try #require(tensors[description.name]).bytes) }
      try writer.finish()
    }
    let read = try SafetensorsFile(file: try MappedFile(path: folder.file("a")))
    #expect(read.metadata.elementsEqual(source.metadata) { $0 == $1 })
    #expect(read.tensors.map(\.description) == order)
    for tensor in read.tensors {
      #expect(tensor.bytes.elementsEqual(try #require(tensors[tensor.name]).bytes))
      if tensor.encoding.elementsPerBlock == 1 {
        #expect(tensor.offset % tensor.encoding.bytesPerBlock == 0)
      }
    }
    #expect(try TemporaryFolder.read(folder.file("a")) == TemporaryFolder.read(folder.file("b")))
  }

  @Test("The header is padded with spaces to eight bytes", arguments: 0..<9)
  func padding(_ length: Int) throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.safetensors")
    let writer = try SafetensorsWriter(
      path: path, metadata: [("k", String(repeating: "v", count: length))], tensors: [])
    try writer.finish()
    #expect(try TemporaryFolder.read(path).count % 8 == 0)
  }

  static let unwritable: [(CheckpointError.Kind, [TensorDescription])] = [
    (.encodingUnsupported, [.init(name: "a", encoding: .q8_0, shape: [32])]),
    (.shapeTooLarge, [.init(name: "a", encoding: .f4, shape: [3])]),
    (.shapeTooLarge, [.init(name: "a", encoding: .f32, shape: [-1])]),
    (.tensorDuplicate, [.init(name: "__metadata__", encoding: .f32, shape: [1])]),
    (
      .tensorDuplicate,
      [.init(name: "a", encoding: .f32, shape: [1]), .init(name: "a", encoding: .f16, shape: [1])]
    ),
    (
      .misaligned,
      [.init(name: "a", encoding: .i8, shape: [3]), .init(name: "b", encoding: .f32, shape: [1])]
    ),
  ]

  @Test("What safetensors cannot hold is refused before anything is written", arguments: unwritable)
  func refused(_ kind: CheckpointError.Kind, _ tensors: [TensorDescription]) throws {
    let folder = try TemporaryFolder()
    let error = try #require(throws: CheckpointError.self) {
      try SafetensorsWriter(path: folder.file("a"), metadata: [], tensors: tensors)
    }
    #expect(error.kind == kind)
    #expect(try Folder.names(in: folder.path).isEmpty)
  }
}
