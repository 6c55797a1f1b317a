// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Fixtures
import Notation
import Tensors
import TestSupport
import Testing

/// Folders of packed weights through the command.
struct PackedFolderTests {
  private static func quantize(
    _ model: String, _ arguments: String..., into folder: TemporaryFolder
  ) throws -> Command {
    try Command(["quantize", Fixtures.path(model)] + arguments + ["-o", folder.path, "--quiet"])
  }

  @Test("a folder for MLX answers as its source does, and verify finds them close")
  func mlx() throws {
    let folder = try TemporaryFolder()
    let made = try Self.quantize("llava-tiny", "--to", "mlx", "--type", "8bit", into: folder)
    #expect(made.status == 0, "\(made.error)")
    #expect(made.output.contains("MLX 8-bit, groups of 64"))
    #expect(made.output.contains("bits a weight"))
    #expect(
      made.output.contains("kept in BF16, because a small share of the bytes"), "\(made.output)")
    let path = folder.file("llava-tiny-8bit")
    let question = [
      "--image", Fixtures.path("llava-tiny/evaluation/images/002.png"), "--prompt",
      "how many shapes are there?",
    ]
    let answer = try Command(["run", path] + question)
    #expect(answer.status == 0, "\(answer.error)")
    #expect(try answer.output == Command(["run", Fixtures.path("llava-tiny")] + question).output)
    let verified = try Command([
      "verify", Fixtures.path("llava-tiny"), path, "--data",
      Fixtures.path("llava-tiny/evaluation/data.jsonl"), "--samples", "4", "--max-kl", "0.01",
      "--quiet",
    ])
    #expect(verified.status == 0, "\(verified.error)\(verified.output)")
    let inspected = try Command(["inspect", path, "--tensors", "--json"])
    let types = try #require(try inspected.json["types"])
    #expect(types["MLX 8-bit, groups of 64"]?["tensors"] == 30)
  }

  @Test(
    "a folder of the same source, made in the same way, is kept; another is not replaced",
    arguments: [
      ["quantize", "--to", "mlx", "--type", "4bit"],
      ["quantize", "--to", "compressed-tensors", "--type", "int8"],
      ["convert", "--to", "mlx"], ["convert", "--to", "safetensors", "--type", "f32"],
    ])
  func kept(_ options: [String]) throws {
    let (copy, folder) = (try FixtureCopy("stories260K"), try TemporaryFolder())
    let arguments = [options[0], copy.path] + options[1...] + ["-o", folder.path, "--quiet"]
    #expect(try Command(arguments).status == 0)
    let path = folder.file(
      try #require(listing(folder.path).first { $0.hasSuffix(".safetensors") }))
    let bytes = try TemporaryFolder.read(path)
    let again = try Command(arguments)
    #expect(again.status == 0 && again.output.contains("kept: "), "\(again.error)")
    #expect(try Command(arguments + ["--force"]).status == 0)
    #expect(try TemporaryFolder.read(path) == bytes)
    // Another source under the same name.
    try copy.rewrite { $0[0].bytes[0] ^= 1 }
    let refused = try Command(arguments)
    #expect(refused.status == 2 && refused.error.contains("made otherwise"), "\(refused.error)")
    #expect(try TemporaryFolder.read(path) == bytes)
    #expect(try Command(arguments + ["--force"]).status == 0)
    #expect(try TemporaryFolder.read(path) != bytes)
  }

  @Test("what falls back is in both reports")
  func fallbacks() throws {
    let folder = try TemporaryFolder()
    let made = try Self.quantize(
      "stories260K", "--to", "compressed-tensors", "--type", "int4", "--group-size", "64",
      into: folder)
    #expect(made.status == 0, "\(made.error)")
    #expect(
      made.output.contains(
        "F32 instead of compressed-tensors 4-bit, groups of 64, because rows of 172 are no whole "
          + "groups: 5 language.feedForward.down\n"))
    let json = try Self.quantize(
      "stories260K", "--to", "mlx", "--type", "4bit", "--json", into: folder
    ).json
    let tensors = try #require(json["files"]?.array?.first?["tensors"]?.array)
    #expect(tensors.count { $0["fallback"]?.string != nil } == 5)
    #expect((json["bitsPerWeight"]?.number ?? 0) > 4)
  }

  @Test("packed folders go over into each other and into GGUF")
  func conversions() throws {
    let folder = try TemporaryFolder()
    let made = try Self.quantize(
      "llava-tiny", "--to", "compressed-tensors", "--type", "int8", "--group-size", "64",
      into: folder)
    #expect(made.status == 0, "\(made.error)")
    let source = folder.file("llava-tiny-int8-g64")
    let mlx = try Command(["convert", source, "--to", "mlx", "-o", folder.path, "--quiet"])
    #expect(mlx.status == 0, "\(mlx.error)")
    #expect(mlx.output.contains("with the same codes, all values identical"), "\(mlx.output)")
    let gguf = try Command(
      ["quantize", source, "--type", "Q8_0", "-o", folder.path, "--quiet"])
    #expect(gguf.status == 0, "\(gguf.error)")
    #expect(gguf.output.contains("quantized before, to compressed-tensors 8-bit"))
    let answers = try [source, folder.file("llava-tiny-8bit")].map {
      try Command([
        "run", $0, "--image", Fixtures.path("llava-tiny/evaluation/images/002.png"), "--prompt",
        "what is at the left?",
      ]).output
    }
    #expect(answers[0] == answers[1])
  }

  @Test(
    "a wrong wish is refused with what is possible",
    arguments: [
      (["--to", "mlx", "--type", "7bit"], 2, "2bit, 3bit, 4bit"),
      (["--to", "mlx", "--type", "4bit", "--group-size", "48"], 2, "32, 64 or 128"),
      (["--to", "mlx", "--type", "mxfp4", "--group-size", "64"], 2, "groups of 32"),
      (["--to", "compressed-tensors", "--type", "4bit"], 2, "int4, int8"),
      (["--to", "mlx", "--type", "4bit", "--asymmetric"], 64, "--asymmetric"),
      (["--type", "Q8_0", "--group-size", "64"], 64, "--group-size"),
    ])
  func wishes(_ arguments: [String], _ status: Int32, _ word: String) throws {
    let folder = try TemporaryFolder()
    let failed = try Command(
      ["quantize", Fixtures.path("stories260K")] + arguments + ["-o", folder.file("new")])
    #expect(failed.status == status && failed.error.contains(word), "\(failed.error)")
    #expect(listing(folder.path).isEmpty)
  }

  /// What can be wrong with a packed folder, and what must be said of it.
  struct Broken: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let words: [String]
    let change: @Sendable (FixtureCopy) throws -> Void
  }

  static let module = "model.layers.1.mlp.up_proj"

  static let breakages: [Broken] = [
    Broken(
      testDescription: "no scales",
      words: ["'model.layers.1.mlp.up_proj.weight'", "found"]
    ) { try $0.rewrite { $0.removeAll { $0.description.name == module + ".scales" } } },
    Broken(testDescription: "no biases", words: [module + ".biases", "missing"]) {
      try $0.rewrite { $0.removeAll { $0.description.name == module + ".biases" } }
    },
    Broken(
      testDescription: "codes of another width",
      words: ["model.safetensors", module + ".weight", "config.json", module]
    ) {
      try $0.replace(
        "\"\(module)\": {\n      \"group_size\": 64,\n      \"bits\": 4",
        with: "\"\(module)\": {\n      \"group_size\": 64,\n      \"bits\": 3", in: "config.json")
    },
    Broken(testDescription: "scales that are NaN", words: [module + ".weight", "NaN"]) {
      try $0.rewrite { tensors in
        let place = tensors.firstIndex { $0.description.name == module + ".scales" } ?? 0
        for i in 0..<8 { tensors[place].bytes[i] = 0xFF }
      }
    },
    Broken(testDescription: "bits that there are not", words: ["config.json", "bits", "expected"]) {
      try $0.replace(
        "\"bits\": 4,\n    \"mode\"", with: "\"bits\": 9,\n    \"mode\"", in: "config.json")
    },
    Broken(testDescription: "no word of packing", words: ["config.json", "quantization"]) {
      try $0.replace("\"quantization\": {", with: "\"quantisation\": {", in: "config.json")
      try $0.replace(
        "\"quantization_config\": {", with: "\"quantisation_config\": {", in: "config.json")
    },
  ]

  @Test("a broken packed folder gives one clear sentence", arguments: breakages)
  func brokenFolder(_ broken: Broken) throws {
    let copy = try FixtureCopy("stories260K")
    let folder = try TemporaryFolder()
    let made = try Command([
      "quantize", copy.path, "--to", "mlx", "--type", "4bit", "-o", folder.path, "--quiet",
    ])
    #expect(made.status == 0, "\(made.error)")
    // The copy takes the packed files over.
    for name in ["config.json", "model.safetensors"] {
      try copy.write(
        try TemporaryFolder.read(folder.file("stories260K-4bit/" + name)), to: name)
    }
    try broken.change(copy)
    let failed = try Command([
      "convert", copy.path, "--to", "safetensors", "-o", folder.file("new"), "--quiet",
    ])
    #expect(failed.status == 2 && failed.output.isEmpty, "\(failed.output)\(failed.error)")
    #expect(failed.error.split(separator: "\n").count == 1, "\(failed.error)")
    for word in broken.words { #expect(failed.error.contains(word), "\(failed.error)") }
  }
}
