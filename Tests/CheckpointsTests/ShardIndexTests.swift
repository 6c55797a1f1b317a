// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Checkpoints
import Tensors
import TestSupport
import Testing

struct ShardIndexTests {
  /// A folder with the shards `1` (tensors a, b) and `2` (c), and an index of these lines.
  static func open(weightMap: String?) throws -> Checkpoint {
    let folder = try TemporaryFolder()
    try write(["a", "b"], to: folder.file("1.safetensors"))
    try write(["c"], to: folder.file("2.safetensors"))
    let text = weightMap.map { #"{"metadata": {}, "weight_map": \#($0)}"# } ?? "{}"
    try folder.write(text.utf8, to: "model.safetensors.index.json")
    return try Checkpoint(path: folder.path)
  }

  static func write(_ names: [String], to path: String) throws {
    let writer = try SafetensorsWriter(
      path: path, metadata: [],
      tensors: names.map { TensorDescription(name: $0, encoding: .u8, shape: [1]) })
    try [UInt8](repeating: 5, count: names.count).withUnsafeBytes { bytes throws in
      try writer.append(bytes)
    }
    try writer.finish()
  }

  @Test("Tensors come shard by shard in the order of the names, not of the index")
  func order() throws {
    let checkpoint = try Self.open(
      weightMap: #"{"c": "2.safetensors", "b": "1.safetensors", "a": "1.safetensors"}"#)
    #expect(checkpoint.tensors.map(\.name) == ["a", "b", "c"])
    #expect(checkpoint.files.count == 2)
  }

  @Test("The strings of the files are the checkpoint's, those of the first file that has a key")
  func metadata() throws {
    let folder = try TemporaryFolder()
    for (name, metadata) in [
      ("a", [("format", "pt"), ("x", "1")]), ("b", [("x", "2"), ("y", "3")]),
    ] {
      let writer = try SafetensorsWriter(
        path: folder.file("\(name).safetensors"), metadata: metadata,
        tensors: [TensorDescription(name: name, encoding: .u8, shape: [0])])
      try writer.finish()
    }
    try folder.write(
      #"{"weight_map": {"b": "b.safetensors", "a": "a.safetensors"}}"#.utf8,
      to: "model.safetensors.index.json")
    let expected: GGUFMetadata = [
      "format": .string("pt"), "x": .string("1"), "y": .string("3"),
    ]
    #expect(try Checkpoint(path: folder.path).metadata == expected)
  }

  struct Broken: Sendable {
    let kind: CheckpointError.Kind
    let tensor: String?
    let map: String?

    init(_ kind: CheckpointError.Kind, _ tensor: String?, _ map: String?) {
      self.kind = kind
      self.tensor = tensor
      self.map = map
    }
  }

  static let brokenIndexes: [Broken] = [
    Broken(.indexMalformed, nil, nil),
    Broken(.indexMalformed, nil, "[]"),
    Broken(.indexMalformed, nil, "{}"),
    Broken(.indexMalformed, nil, "{,}"),
    Broken(.indexMalformed, nil, #"{"a": 1}"#),
    Broken(.indexPathNotPlain, nil, #"{"a": "../1.safetensors"}"#),
    Broken(.indexPathNotPlain, nil, #"{"a": "/etc/passwd"}"#),
    Broken(.indexPathNotPlain, nil, #"{"a": ".."}"#),
    Broken(.indexPathNotPlain, nil, #"{"a": ""}"#),
    Broken(.indexPathNotPlain, nil, #"{"a": "1.safetensors\u0000"}"#),
    Broken(.shardMissing, nil, #"{"a": "3.safetensors"}"#),
    Broken(.tensorNotInIndex, "b", #"{"a": "1.safetensors"}"#),
    Broken(.tensorInOtherShard, "b", #"{"a": "1.safetensors", "b": "2.safetensors"}"#),
    Broken(.tensorMissingFromShard, "d", #"{"c": "2.safetensors", "d": "2.safetensors"}"#),
  ]

  @Test("An index that does not fit its shards gives its own error", arguments: brokenIndexes)
  func broken(_ broken: Broken) throws {
    let error = try #require(throws: CheckpointError.self) { try Self.open(weightMap: broken.map) }
    #expect(error.kind == broken.kind, "\(error)")
    #expect(error.tensor == broken.tensor)
  }
}
