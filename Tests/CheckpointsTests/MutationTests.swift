// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Checkpoints
import Fixtures
import TestSupport
import Testing

/// Damaged files are read or refused; nothing traps, and no tensor reaches outside its file.
struct MutationTests {
  @Test(
    "No damage to a small file brings the readers down",
    arguments: ["every-type.gguf", "every-dtype.safetensors"], [1, 2, 3])
  func damage(_ name: String, _ seed: Int) throws {
    let original = try TemporaryFolder.read(Fixtures.path("checkpoints/" + name))
    // Most damage to the header, which is the first part of both.
    let header = min(original.count, 3000)
    var random = SplitMix64(seed: UInt64(seed))
    for _ in 0..<300 {
      var bytes = original
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let place = Int.random(in: 0..<header, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 2: bytes.removeSubrange(place..<min(place + 8, bytes.count))
        default: for i in place..<min(place + 8, bytes.count) { bytes[i] = 0xFF }
        }
      }
      if Bool.random(using: &random) {
        bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random))
      }
      Self.readThrough(bytes)
    }
  }

  @Test("Every prefix of a file is refused or read")
  func prefixes() throws {
    for name in ["every-type.gguf", "every-dtype.safetensors"] {
      let original = try TemporaryFolder.read(Fixtures.path("checkpoints/" + name))
      for count in stride(from: 0, to: original.count, by: 17) {
        Self.readThrough(Array(original.prefix(count)))
      }
    }
  }

  @Test("Inputs that once brought a reader down no longer do")
  func regressions() throws {
    let root = Fixtures.path("../Fuzz/Regressions")
    for folder in try Folder.names(in: root).map({ root + "/" + $0 })
    where Folder.exists(at: folder) {
      for name in try Folder.names(in: folder) {
        Self.readThrough(try TemporaryFolder.read(folder + "/" + name))
      }
    }
  }

  /// Reads bytes as both containers and looks at every tensor and value.
  static func readThrough(_ bytes: [UInt8]) {
    let file = bytes.withUnsafeBytes { MappedFile(path: "memory", copying: $0) }
    var tensors: [StoredTensor] = []
    if let gguf = try? GGUFFile(file: file) {
      tensors += gguf.tensors
      for (_, value) in gguf.metadata {
        _ = (value.strings, value.numbers, value.integers, value.array?.bools)
      }
    }
    if let safetensors = try? SafetensorsFile(file: file) { tensors += safetensors.tensors }
    for tensor in tensors {
      #expect(tensor.offset >= 0 && tensor.offset + tensor.byteCount <= bytes.count)
      _ = tensor.bytes.last
    }
  }
}
