// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Checkpoints
import TestSupport
import Testing

struct ForeignFileTests {
  struct Foreign: CustomTestStringConvertible, Sendable {
    let kind: CheckpointError.Kind
    let bytes: [UInt8]
    var testDescription: String { kind.rawValue }

    init(_ kind: CheckpointError.Kind, _ text: String) {
      self.kind = kind
      bytes = Array(text.utf8)
    }

    init(_ kind: CheckpointError.Kind, _ bytes: [UInt8]) {
      self.kind = kind
      self.bytes = bytes
    }
  }

  static let foreign: [Foreign] = [
    Foreign(.empty, ""),
    Foreign(
      .gitLFSPointer,
      "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"),
    Foreign(.htmlPage, "\n<!DOCTYPE html><html><body>Not found</body></html>"),
    Foreign(.htmlPage, "<HTML><head></head>"),
    Foreign(.zipArchive, [0x50, 0x4B, 3, 4, 0, 0, 8, 8, 0, 0, 0, 0]),
    Foreign(.pickle, [0x80, 2, 0x7D, 0x71, 0, 0x28, 0x58, 4, 0, 0, 0]),
    Foreign(.legacyGGML, "tjgg\u{3}\u{0}\u{0}\u{0}"),
    Foreign(.textFile, "Dear user, this is no model.\n{}"),
    Foreign(.unrecognized, [0xFF, 0xD8, 0xFF, 0xE0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
  ]

  @Test("What people give by mistake is recognised under every name", arguments: foreign)
  func recognised(_ foreign: Foreign) throws {
    let folder = try TemporaryFolder()
    for name in ["model.safetensors", "model.gguf", "model.bin"] {
      let path = try folder.write(foreign.bytes, to: name)
      let error = try #require(throws: CheckpointError.self) { try Checkpoint(path: path) }
      #expect(error.kind == foreign.kind, "\(error)")
    }
  }

  @Test("A checkpoint under the other container's name says what it is")
  func otherContainer() throws {
    let folder = try TemporaryFolder()
    let gguf = try folder.write("GGUF\u{3}\u{0}\u{0}\u{0}".utf8, to: "a.safetensors")
    let safetensors = try folder.write([2, 0, 0, 0, 0, 0, 0, 0, 0x7B, 0x7D], to: "a.gguf")
    for path in [gguf, safetensors] {
      let error = try #require(throws: CheckpointError.self) { try Checkpoint(path: path) }
      #expect(error.kind == .otherContainer)
    }
    let unnamed = try folder.write([2, 0, 0, 0, 0, 0, 0, 0, 0x7B, 0x7D], to: "a")
    #expect(try Checkpoint(path: unnamed).container == .safetensors)
  }

  @Test("A header whose length looks like a pickle is still a header")
  func headerLengthLikePickle() throws {
    // 0x0280 bytes: the file begins with the two bytes of a pickle of protocol 2.
    let bytes = [0x80, 2, 0, 0, 0, 0, 0, 0] + Array("{}".utf8) + [UInt8](repeating: 32, count: 638)
    #expect(try SafetensorsFileTests.read(bytes).tensors.isEmpty)
    let error = try #require(throws: CheckpointError.self) {
      try SafetensorsFileTests.read(Array(bytes.prefix(100)))
    }
    #expect(error.kind == .headerTruncated)
  }
}
