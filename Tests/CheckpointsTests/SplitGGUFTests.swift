// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Tensors
import TestSupport
import Testing

struct SplitGGUFTests {
  /// Writes a part with one tensor named after its number.
  static func write(
    _ number: Int, of count: Int, to path: String, total: Int? = nil, _ extra: GGUFMetadata = [:]
  ) throws {
    var metadata: GGUFMetadata = [
      "split.no": .uint16(UInt16(number - 1)), "split.count": .uint16(UInt16(count)),
    ]
    if let total { metadata["split.tensors.count"] = .int32(Int32(total)) }
    for (key, value) in extra { metadata[key] = value }
    let writer = try GGUFWriter(
      path: path, metadata: metadata,
      tensors: [TensorDescription(name: "t\(number)", encoding: .i8, shape: [1])])
    try [UInt8(number)].withUnsafeBytes { bytes throws in try writer.append(bytes) }
    try writer.finish()
  }

  @Test("Any part opens all of them, and so does the folder")
  func anyPart() throws {
    let folder = try TemporaryFolder()
    for number in 1...3 {
      try Self.write(
        number, of: 3, to: folder.file("é-0000\(number)-of-00003.gguf"), total: 3,
        ["part": .uint8(UInt8(number))])
    }
    try Self.write(1, of: 1, to: folder.file("mmproj-x.gguf"))
    for path in [
      folder.file("é-00001-of-00003.gguf"), folder.file("é-00003-of-00003.gguf"), folder.path,
    ] {
      let checkpoint = try Checkpoint(path: path)
      #expect(checkpoint.container == .gguf)
      #expect(checkpoint.tensors.map(\.name) == ["t1", "t2", "t3"])
      #expect(checkpoint["t2"]?.bytes.first == 2)
      #expect(checkpoint.metadata["part"]?.integer == 1)
      #expect(checkpoint.files.count == 3)
    }
  }

  @Test("Missing, foreign and renamed parts give their own errors")
  func broken() throws {
    func failure(_ prepare: (TemporaryFolder) throws -> String) throws -> CheckpointError {
      let folder = try TemporaryFolder()
      let path = try prepare(folder)
      return try #require(throws: CheckpointError.self) { try Checkpoint(path: path) }
    }
    let first = "a-00001-of-00002.gguf"
    let second = "a-00002-of-00002.gguf"
    let missing = try failure { folder in
      try Self.write(1, of: 2, to: folder.file(first), total: 2)
      return folder.file(first)
    }
    #expect(missing.kind == .splitPartMissing)
    #expect(missing.path.hasSuffix(second))
    let foreign = try failure { folder in
      try Self.write(1, of: 2, to: folder.file(first), total: 2)
      try Self.write(3, of: 3, to: folder.file(second))
      return folder.file(first)
    }
    #expect(foreign.kind == .splitKeysWrong)
    let total = try failure { folder in
      try Self.write(1, of: 2, to: folder.file(first), total: 3)
      try Self.write(2, of: 2, to: folder.file(second))
      return folder.file(first)
    }
    #expect(total.kind == .splitKeysWrong)
    let renamed = try failure { folder in
      try Self.write(2, of: 2, to: folder.file("part2.gguf"))
      return folder.file("part2.gguf")
    }
    #expect(renamed.kind == .splitNameWrong)
    let twice = try failure { folder in
      try Self.write(1, of: 2, to: folder.file(first), total: 2)
      try Self.write(1, of: 2, to: folder.file(second), total: 2, ["split.no": .uint16(1)])
      return folder.path
    }
    #expect(twice.kind == .tensorDuplicate)
  }
}
