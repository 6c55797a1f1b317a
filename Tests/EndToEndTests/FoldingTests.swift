// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Fixtures
import Notation
import Tensors
import TestSupport
import Testing

struct FoldingTests {
  /// Where activations are large.
  enum Outliers: Sendable {
    case behindNorms
    /// What the experts' `up` gives.
    case inExperts
  }

  /// A model that computes the same with every sixteenth channel somewhere sixteen times as large, and the
  /// columns that multiply it as small: what activations of large models look like.
  private static func with(_ outliers: Outliers, _ fixture: String) throws -> FixtureCopy {
    let copy = try FixtureCopy(fixture)
    /// The power of two by which an element is multiplied.
    func power(_ name: String, row: Int, column: Int) -> Int {
      func isOne(of names: [String]) -> Bool { names.contains { name.hasSuffix($0 + ".weight") } }
      switch outliers {
      case .behindNorms:
        guard column % 16 == 3 else { return 0 }
        if isOne(of: ["layernorm"]) { return 4 }
        return isOne(of: ["q_proj", "k_proj", "v_proj", "gate_proj", "up_proj"]) ? -4 : 0
      case .inExperts:
        guard name.contains(".experts.") else { return 0 }
        if isOne(of: ["up_proj"]) { return row % 16 == 3 ? 4 : 0 }
        return isOne(of: ["down_proj"]) && column % 16 == 3 ? -4 : 0
      }
    }
    try copy.rewrite { tensors in
      for index in tensors.indices where tensors[index].description.encoding == .bf16 {
        let name = tensors[index].description.name
        guard name.hasPrefix("language_model.") else { continue }
        let width = tensors[index].description.shape.rowLength
        for element in 0..<tensors[index].bytes.count / 2 {
          let power = power(name, row: element / width, column: element % width)
          // The exponent of a BF16 begins at its bit 7: more there are factors of 2, exactly.
          let low = Int(tensors[index].bytes[2 * element])
          let high = Int(tensors[index].bytes[2 * element + 1])
          let bits = high << 8 | low
          guard power != 0, (5...250).contains(bits >> 7 & 255) else { continue }
          let scaled = bits + power << 7
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
      (Outliers.behindNorms, "llava-tiny", "gguf", "Q4_0"),
      (.behindNorms, "llava-tiny", "mlx", "4bit"), (.inExperts, "mm1-moe-tiny", "gguf", "Q4_0"),
      (.inExperts, "mm1-moe-tiny", "compressed-tensors", "int4"),
    ])
  func law(outliers: Outliers, fixture: String, container: String, type: String) throws {
    let folder = try TemporaryFolder()
    let model = try FoldingTests.with(outliers, fixture)
    let file = "/\(fixture)-\(type)" + (container == "gguf" ? ".gguf" : "")
    let text = Fixtures.path("\(fixture)/evaluation/text.txt")
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
        ["verify", Fixtures.path(fixture), output + file, "--data", text, "--samples", "12"]
          + ["--tensors", "0", "--quiet", "--json"])
      divergences.append(try #require(verified.json["groups"]?["text"]?["meanKL"]?.number))
      norms.append(
        try Checkpoint(path: output + file).tensors.filter { $0.name.contains("norm") }
          .map { Array($0.bytes) })
    }
    #expect(norms[0].count == norms[1].count)
    #expect(outliers != .behindNorms || norms[0] != norms[1])
    // With experts, scales move in half of the layers, and there before `down` alone.
    let share = outliers == .behindNorms ? 0.8 : 0.95
    #expect(divergences[1] < share * divergences[0], "\(divergences)")
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
