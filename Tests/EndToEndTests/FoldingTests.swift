// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Fixtures
import Notation
import Tensors
import TestSupport
import Testing

struct FoldingTests {
  /// A model that computes the same with every sixteenth channel behind its norms sixteen times as
  /// large, and the columns that multiply it as small: what activations of large models look like.
  private static func withOutliers() throws -> FixtureCopy {
    let copy = try FixtureCopy("llava-tiny")
    try copy.rewrite { tensors in
      for index in tensors.indices where tensors[index].description.encoding == .bf16 {
        let name = tensors[index].description.name
        let isNorm = name.hasSuffix("layernorm.weight")
        let isBehind = ["q_proj", "k_proj", "v_proj", "gate_proj", "up_proj"].contains {
          name.hasSuffix($0 + ".weight")
        }
        guard name.hasPrefix("language_model."), isNorm || isBehind else { continue }
        let width = tensors[index].description.shape.rowLength
        for element in 0..<tensors[index].bytes.count / 2 where element % width % 16 == 3 {
          // The exponent of a BF16 begins at its bit 7: four more are a factor of 16, exactly.
          let low = Int(tensors[index].bytes[2 * element])
          let high = Int(tensors[index].bytes[2 * element + 1])
          let bits = high << 8 | low
          guard (5...250).contains(bits >> 7 & 255) else { continue }
          let scaled = bits + (isNorm ? 4 : -4) << 7
          tensors[index].bytes[2 * element] = UInt8(scaled & 255)
          tensors[index].bytes[2 * element + 1] = UInt8(scaled >> 8)
        }
      }
    }
    return copy
  }

  @Test(
    "scales that move into weights make up for outliers, and change nothing else",
    arguments: [
      ("gguf", "Q4_0", "/llava-tiny-Q4_0.gguf"), ("mlx", "4bit", "/llava-tiny-4bit"),
    ])
  func law(container: String, type: String, file: String) throws {
    let folder = try TemporaryFolder()
    let model = try FoldingTests.withOutliers()
    let text = Fixtures.path("llava-tiny/evaluation/text.txt")
    let statistics = folder.file("a.gguf")
    let made = try Command(
      "calibrate", model.path, "--data", text, "--samples", "12", "--hessian", "-o", statistics,
      "--quiet")
    #expect(made.status == 0, "\(made.error)")
    var (divergences, norms): ([Double], [[[UInt8]]]) = ([], [])
    for options in [[], ["--fold"]] {
      let output = folder.file("out\(options.count)")
      let quantized = try Command(
        ["quantize", model.path, "--to", container, "--type", type, "--calibration", statistics]
          + ["-o", output, "--quiet"] + options)
      #expect(quantized.status == 0, "\(quantized.error)")
      #expect(quantized.output.contains("take over scales") == !options.isEmpty)
      // Against the model without outliers, which computes the same.
      let verified = try Command(
        ["verify", Fixtures.path("llava-tiny"), output + file, "--data", text, "--samples", "12"]
          + ["--tensors", "0", "--quiet", "--json"])
      divergences.append(try #require(verified.json["groups"]?["text"]?["meanKL"]?.number))
      norms.append(
        try Checkpoint(path: output + file).tensors.filter { $0.name.contains("norm") }
          .map { Array($0.bytes) })
    }
    #expect(norms[0].count == norms[1].count && norms[0] != norms[1])
    #expect(divergences[1] < 0.8 * divergences[0], "\(divergences)")
  }

  @Test("folding without second moments of the model itself is refused")
  func refused() throws {
    let folder = try TemporaryFolder()
    let model = Fixtures.path("llava-tiny")
    let bare = try Command(
      "quantize", model, "--type", "Q4_K_M", "--fold", "-o", folder.file("out"))
    #expect(bare.status == 64 && bare.error.contains("--hessian"), "\(bare.error)")
    let statistics = folder.file("a.gguf")
    let made = try Command(
      "calibrate", model, "--data", model + "/evaluation/text.txt", "--samples", "8", "--hessian",
      "--for", "Q4_0", "-o", statistics, "--quiet")
    #expect(made.status == 0, "\(made.error)")
    let along = try Command(
      "quantize", model, "--type", "Q4_0", "--calibration", statistics, "--method", "feedback",
      "--fold",
      "-o", folder.file("out"))
    #expect(along.status == 2 && along.error.contains("without --for"), "\(along.error)")
  }
}
