// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Fixtures
import Notation
import Tensors
import TestSupport
import Testing

/// Prompts of MM1 whose examples are seen whole, and only the last image in tiles.
struct MixedResolutionTests {
  private static let images = ["chelsea", "astronaut-tall"].map {
    Fixtures.path("images/\($0).png")
  }

  /// A trace of two images, by default all cut into an overview and 2 x 2 tiles of 4 tokens each.
  private static func trace(_ options: String..., to path: String) throws -> Checkpoint {
    let copy = try FixtureCopy(visionLanguage: "mm1")
    let traced = try Command(
      ["trace", copy.path, "-o", path, "--prompt", "<image>\none.\n<image>\n"]
        + images.flatMap { ["--image", $0] } + options)
    #expect(traced.status == 0, "\(traced.error)")
    return try Checkpoint(path: path)
  }

  @Test("--cut-last keeps all but the last images whole")
  func cutLast() throws {
    let folder = try TemporaryFolder()
    let all = try MixedResolutionTests.trace(to: folder.file("all.safetensors"))
    let mixed = try MixedResolutionTests.trace("--cut-last", "1", to: folder.file("m.safetensors"))
    #expect(all["pixels.0"]?.shape == [5, 3, 35, 35] && mixed["pixels.0"]?.shape == [3, 35, 35])
    #expect(mixed["pixels.1"]?.shape == [5, 3, 35, 35])
    // The overview stands before the tiles here.
    let (before, after) = (try #require(all["pixels.0"]), try #require(mixed["pixels.0"]))
    #expect(Array(before.floats.prefix(3 * 35 * 35)) == after.floats)
    #expect(all["pixels.1"]?.floats == mixed["pixels.1"]?.floats)
    let (long, short) = (
      try #require(all["tokens"]).integers, try #require(mixed["tokens"]).integers
    )
    #expect(long.count { $0 == 500 } == 40 && short.count { $0 == 500 } == 24)
    #expect(long.filter { $0 != 500 } == short.filter { $0 != 500 })
    // A number that takes in all of them changes nothing.
    let same = try MixedResolutionTests.trace("--cut-last", "2", to: folder.file("s.safetensors"))
    #expect(same["logits"]?.floats == all["logits"]?.floats)
  }

  @Test("verify and calibrate take several images, whole or not, for any number of threads")
  func data() throws {
    let (copy, folder) = (try FixtureCopy(visionLanguage: "mm1"), try TemporaryFolder())
    // Enough of them to calibrate on.
    let words = String(repeating: "one or two ", count: 10)
    let lines = [#"{"file": "\#(MixedResolutionTests.images[0])", "whole": true}"#, ""].map {
      let first = $0.isEmpty ? "\"\(MixedResolutionTests.images[0])\"" : $0
      return #"{"images": [\#(first), "\#(MixedResolutionTests.images[1])"], "#
        + #""prompt": "<image> \#(words)<image> ", "answer": "two"}"#
    }
    let data = try folder.write(Array(lines.joined(separator: "\n").utf8), to: "data.jsonl")
    let outputs = try ["1", "2"].map { threads in
      try Command(
        "verify", copy.path, copy.path, "--data", data, "--json", "--quiet", "--threads", threads,
        "--tensors", "0")
    }
    #expect(outputs.allSatisfy { $0.status == 0 }, "\(outputs.map(\.error))")
    // The first image as a whole and in tiles, the second once.
    let images = try #require(try outputs[0].json["vision"]?.array)
    #expect(images.count == 3)
    for threads in ["1", "2"] {
      let calibrated = try Command(
        "calibrate", copy.path, "--data", data, "--quiet", "--threads", threads, "-o",
        folder.file("\(threads).gguf"))
      #expect(calibrated.status == 0, "\(calibrated.error)")
    }
    #expect(
      try TemporaryFolder.read(folder.file("1.gguf"))
        == TemporaryFolder.read(folder.file("2.gguf")))
  }

  @Test("a number of images to cut is refused where it means nothing")
  func refusals() throws {
    let (copy, folder) = (try FixtureCopy(visionLanguage: "llava-siglip"), try TemporaryFolder())
    let negative = try Command(
      "trace", copy.path, "--prompt", "a", "--cut-last=-1", "-o", folder.file("t.safetensors"))
    #expect(negative.status == 64 && negative.error.contains("--cut-last: expected at least 0"))
    let idle = try Command(
      "run", copy.path, "--prompt", "a", "--image", MixedResolutionTests.images[0], "--cut-last",
      "1")
    #expect(idle.status == 2 && idle.error.contains("cuts no images into tiles"))
  }
}

extension StoredTensor {
  /// The values of an F32 tensor.
  fileprivate var floats: [Float] { bytes.withMemoryRebound(to: Float.self) { Array($0) } }

  fileprivate var integers: [Int] { floats.map { Int($0) } }
}
