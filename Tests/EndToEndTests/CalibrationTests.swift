// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Fixtures
import Notation
import Tensors
import TestSupport
import Testing

/// From samples to statistics to a conversion that keeps what counts.
struct CalibrationTests {
  private static let model = Fixtures.path("llava-tiny")
  private static let data = model + "/evaluation/data.jsonl"

  @Test("errors of outputs fall on samples that were not used, in GGUF and in a folder for MLX")
  func conversion() throws {
    let folder = try TemporaryFolder()
    let statistics = folder.file("a.gguf")
    let lines = String(decoding: try TemporaryFolder.read(Self.data), as: UTF8.self)
      .replacing("\"image\": \"", with: "\"image\": \"\(Self.model)/evaluation/")
      .split(separator: "\n")
    let used = try folder.write(Array(lines.prefix(70).joined(separator: "\n").utf8), to: "a.jsonl")
    let kept = try folder.write(
      Array(lines.dropFirst(70).joined(separator: "\n").utf8), to: "b.jsonl")
    let made = try Command(
      "calibrate", Self.model, "--data", used, "-o", statistics, "--quiet")
    #expect(made.status == 0, "\(made.error)")
    let kinds: [(arguments: [String], output: String)] = [
      (["--type", "Q3_K_S"], "llava-tiny-Q3_K_S.gguf"),
      (["--to", "mlx", "--type", "3bit"], "llava-tiny-3bit"),
    ]
    for kind in kinds {
      var errors: [[String: Double]] = []
      for (name, extra) in [("plain", []), ("calibrated", ["--calibration", statistics])] {
        let output = folder.file(name)
        let quantized = try Command(
          ["quantize", Self.model, "-o", output, "--quiet"] + kind.arguments + extra)
        #expect(quantized.status == 0, "\(quantized.error)")
        let verified = try Command(
          "verify", Self.model, output + "/" + kind.output, "--data", kept,
          "--tensors", "1", "--quiet", "--json")
        var found: [String: Double] = [:]
        for tensor in try #require(try verified.json["tensors"]?.array) {
          guard let name = tensor["tensor"]?.string, let error = tensor["outputError"]?.number,
            tensor["role"]?.string == "language.feedForward.down"
          else { continue }
          found[name] = error
        }
        errors.append(found)
      }
      #expect(errors[0].count == 4)
      // What goes into these layers is far from alike in its columns.
      for (name, plain) in errors[0] {
        #expect((errors[1][name] ?? .infinity) < 0.95 * plain, "\(name)")
      }
    }
  }

  @Test("codes that make up for each other lose less on samples that were not used")
  func feedback() throws {
    let folder = try TemporaryFolder()
    let model = Fixtures.path("mm1-tiny")
    let text = try TemporaryFolder.read(model + "/evaluation/text.txt")
    let half = text.count / 2
    let used = try folder.write(Array(text[..<half]), to: "a.txt")
    let kept = try folder.write(Array(text[half...]), to: "b.txt")
    let statistics = folder.file("a.gguf")
    let made = try Command(
      "calibrate", model, "--data", used, "--hessian", "-o", statistics, "--quiet")
    #expect(made.status == 0, "\(made.error)")
    var divergences: [Double] = []
    for method in ["search", "feedback"] {
      let output = folder.file(method)
      let quantized = try Command(
        "quantize", model, "--type", "Q4_K_M", "--calibration", statistics, "--method", method,
        "-o",
        output, "--quiet")
      #expect(quantized.status == 0, "\(quantized.error)")
      let verified = try Command(
        "verify", model, output + "/mm1-tiny-Q4_K_M.gguf", "--data", kept, "--tensors", "0",
        "--quiet", "--json")
      divergences.append(try #require(verified.json["groups"]?["text"]?["meanKL"]?.number))
    }
    #expect(divergences[1] < 0.7 * divergences[0])
    // Without a word, what the statistics allow.
    let silent = try Command(
      "quantize", model, "--type", "Q4_K_M", "--calibration", statistics, "-o",
      folder.file("silent"), "--quiet")
    #expect(silent.status == 0, "\(silent.error)")
    let name = "/mm1-tiny-Q4_K_M.gguf"
    #expect(
      try TemporaryFolder.read(folder.file("silent") + name)
        == TemporaryFolder.read(folder.file("feedback") + name))
  }

  @Test("feedback without what it needs is an error that says what to do")
  func withoutMoments() throws {
    let folder = try TemporaryFolder()
    let statistics = folder.file("a.gguf")
    let made = try Command(
      "calibrate", Self.model, "--data", Self.data, "--samples", "4", "-o", statistics, "--quiet")
    #expect(made.status == 0, "\(made.error)")
    let quantized = try Command(
      "quantize", Self.model, "--type", "Q4_K_M", "--calibration", statistics, "--method",
      "feedback",
      "-o", folder.file("out"), "--quiet")
    #expect(quantized.status != 0 && quantized.error.contains("pare calibrate --hessian"))
    let bare = try Command(
      "quantize", Self.model, "--type", "Q4_K_M", "--method", "feedback", "-o", folder.file("out"))
    #expect(bare.status != 0 && bare.error.contains("--calibration"))
  }

  @Test("statistics have the same bytes for any number of threads, and merge")
  func bytes() throws {
    let folder = try TemporaryFolder()
    for threads in ["1", "2", "7"] {
      let made = try Command(
        "calibrate", Self.model, "--data", Self.data, "--samples", "6", "-o",
        folder.file(threads), "--threads", threads, "--quiet")
      #expect(made.status == 0, "\(made.error)")
    }
    let one = try TemporaryFolder.read(folder.file("1"))
    #expect(try TemporaryFolder.read(folder.file("2")) == one)
    #expect(try TemporaryFolder.read(folder.file("7")) == one)
    let merged = try Command(
      "calibrate", "--merge", folder.file("1"), folder.file("2"), "-o", folder.file("all.dat"),
      "--json")
    #expect(merged.status == 0, "\(merged.error)")
    #expect(try merged.json["samples"]?.integer == 12)
    // The older kind serves as well.
    let quantized = try Command(
      "quantize", Self.model, "--type", "Q2_K", "--calibration", folder.file("all.dat"), "-o",
      folder.file("out"), "--quiet")
    #expect(quantized.status == 0, "\(quantized.error)")
  }

  @Test(
    "statistics for a type are of what goes into the blocks of the very model that is made with them",
    arguments: [("mm1-tiny", "gguf", "Q4_0"), ("llava-tiny", "mlx", "3bit")])
  func following(_ name: String, _ container: String, _ type: String) throws {
    let folder = try TemporaryFolder()
    let model = Fixtures.path(name)
    let data = ["--data", model + "/evaluation/data.jsonl", "--samples", "24", "--quiet"]
    let statistics = folder.file("for.gguf")
    let made = try Command(
      ["calibrate", model, "--hessian", "--for", type, "--to", container, "-o", statistics] + data)
    #expect(made.status == 0, "\(made.error)")
    let quantized = try Command(
      "quantize", model, "--to", container, "--type", type, "--method", "feedback",
      "--calibration", statistics, "-o", folder.file("out"), "--quiet")
    #expect(quantized.status == 0, "\(quantized.error)")
    let file = "out/\(name)-\(type)" + (container == "gguf" ? ".gguf" : "")
    let again = try Command(
      ["calibrate", folder.file(file), "-o", folder.file("again.gguf")] + data)
    #expect(again.status == 0, "\(again.error)")
    let (first, second) = (
      try Checkpoint(path: statistics), try Checkpoint(path: folder.file("again.gguf"))
    )
    var count = 0
    for tensor in first.tensors where tensor.name.hasSuffix(".in_sum2") {
      // Within a block the layers see each other as they were.
      guard tensor.name.hasPrefix("blk."),
        tensor.name.contains("attn_q") || tensor.name.contains("ffn_up")
      else { continue }
      let other = try #require(second[tensor.name])
      #expect(tensor.bytes.elementsEqual(other.bytes), "\(tensor.name)")
      let drift = first[tensor.name.replacing(".in_sum2", with: ".in_drift")]
      #expect(drift == nil || drift?.shape.dimensions.first == 1)
      count += 1
    }
    #expect(count == 8)
    let other = try Command(
      "quantize", model, "--to", container, "--type", container == "gguf" ? "Q5_0" : "4bit",
      "--method", "feedback", "--calibration", statistics, "-o", folder.file("other"))
    #expect(other.status == 2 && other.error.contains("gathered for"), "\(other.error)")
    let alone = try Command(
      ["calibrate", model, "--for", type, "-o", folder.file("alone.gguf")] + data)
    #expect(alone.status == 64 && alone.error.contains("--hessian"), "\(alone.error)")
  }

  @Test("what cannot be used is refused, and leaves nothing")
  func refused() throws {
    let folder = try TemporaryFolder()
    let statistics = folder.file("a.gguf")
    _ = try Command(
      "calibrate", Self.model, "--data", Self.data, "--samples", "4", "-o", statistics, "--quiet")
    let other = try Command(
      "quantize", Fixtures.path("mm1-tiny"), "--type", "Q4_K_M", "--calibration", statistics, "-o",
      folder.file("out"), "--quiet")
    #expect(other.status == 2 && other.error.contains("another model"), "\(other.error)")
    #expect(other.error.contains("a.gguf"))
    let text = try folder.write(Array("no statistics".utf8), to: "b.dat")
    let wrong = try Command(
      "quantize", Self.model, "--type", "Q4_K_M", "--calibration", text, "-o", folder.file("out"))
    #expect(wrong.status == 2 && wrong.error.contains("b.dat: byte "), "\(wrong.error)")
    let missing = try Command(
      "quantize", Self.model, "--type", "Q4_K_M", "--calibration", folder.file("none"), "-o",
      folder.file("out"))
    #expect(missing.status == 2 && missing.error.contains("none"))
    // Before the long work: a file that is there, and one that cannot be made.
    for (path, sentence) in [(statistics, "--force"), (text + "/a.gguf", "b.dat")] {
      let kept = try Command("calibrate", Self.model, "--data", Self.data, "-o", path)
      #expect(kept.status == 2 && kept.error.contains(sentence), "\(kept.error)")
      #expect(!kept.error.contains("samples"))
    }
    let usage = try Command("calibrate", Self.model, "-o", folder.file("c.gguf"))
    #expect(usage.status == 64 && usage.error.contains("--data"))
    #expect(try FixtureCopy.names(in: folder.path).sorted() == ["a.gguf", "b.dat"])
  }
}
