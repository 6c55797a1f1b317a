// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Checkpoints
import Fixtures
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

struct CheckpointLocationTests {
  @Test("A hub snapshot, all links to blobs without endings, opens")
  func hubSnapshot() throws {
    let folder = try TemporaryFolder()
    mkdir(folder.file("blobs"), 0o755)
    mkdir(folder.file("snapshot"), 0o755)
    let source = Fixtures.path("mm1-tiny/")
    let names = try Folder.names(in: source).filter { $0.hasPrefix("model") }
    for (number, name) in names.enumerated() {
      symlink(source + name, folder.file("blobs/\(number)"))
      symlink("../blobs/\(number)", folder.file("snapshot/\(name)"))
    }
    let checkpoint = try Checkpoint(path: folder.file("snapshot/"))
    #expect(checkpoint.files.count == 3)
  }

  static let choices: [([String], String?, CheckpointError.Kind?)] = [
    (["model.safetensors", "other.safetensors", "x.gguf"], "model.safetensors", nil),
    (["weights.safetensors", "x.gguf", "._model.safetensors"], "weights.safetensors", nil),
    (["a.safetensors", "b.safetensors"], nil, .ambiguous),
    (["a.safetensors.index.json", "b.safetensors.index.json"], nil, .ambiguous),
    (["x.gguf", "mmproj-x.gguf", "x-MMPROJ.gguf"], "x.gguf", nil),
    (["x.gguf", "y.gguf"], nil, .ambiguous),
    (["config.json", "mmproj-x.gguf"], nil, .nothingFound),
    ([], nil, .nothingFound),
  ]

  @Test("A folder gives the one checkpoint in it, or says what was looked for", arguments: choices)
  func folder(_ names: [String], _ chosen: String?, _ kind: CheckpointError.Kind?) throws {
    let folder = try TemporaryFolder()
    for name in names {
      let content =
        name.hasSuffix(".gguf") ? GGUFBuilder().bytes : [2, 0, 0, 0, 0, 0, 0, 0, 123, 125]
      try folder.write(content, to: name)
    }
    do throws(CheckpointError) {
      let checkpoint = try Checkpoint(path: folder.path)
      #expect(checkpoint.files.map(\.path) == [chosen.map(folder.file) ?? "nothing"])
    } catch {
      #expect(error.kind == kind, "\(error)")
    }
  }

  @Test("A missing path and an unreadable kind of file are system errors")
  func system() throws {
    for path in ["/no/such/model", "/no/such/model.gguf", "/dev/null"] {
      let error = try #require(throws: CheckpointError.self) { try Checkpoint(path: path) }
      #expect(error.kind == .system)
      #expect(error.description.hasPrefix(path + ": cannot "))
    }
  }
}
