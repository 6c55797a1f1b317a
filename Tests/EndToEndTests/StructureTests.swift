// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Fixtures
import Notation
import TestSupport
import Testing

/// The checks that come before a forward pass, through the command.
struct StructureTests {
  private static func verify(
    _ reference: String, _ candidate: String, _ options: String...
  ) throws -> Command {
    try Command(["verify", "--structure", reference, candidate, "--quiet"] + options)
  }

  /// A way of converting a model that loses nothing but bits.
  struct Good: Sendable, CustomTestStringConvertible {
    let model: String
    let arguments: [String]
    let output: String
    var testDescription: String { output }
  }

  static let good: [Good] =
    [
      ("mm1-tiny", "Q8_0"), ("mm1-tiny", "Q4_K_M"), ("mm1-moe-tiny", "Q8_0"),
      ("mm1-moe-tiny", "Q4_K_M"), ("llava-tiny", "Q4_K_M"), ("stories260K", "Q8_0"),
      ("stories260K", "Q4_K_M"), ("mm1-tiny", "TQ1_0"), ("mm1-tiny", "Q2_K"),
    ].map { model, type in
      Good(model: model, arguments: ["--type", type], output: "\(model)-\(type).gguf")
    } + [
      Good(
        model: "llava-tiny", arguments: ["--to", "mlx", "--type", "4bit"], output: "llava-tiny-4bit"
      ),
      Good(
        model: "mm1-moe-tiny", arguments: ["--to", "mlx", "--type", "4bit"],
        output: "mm1-moe-tiny-4bit"),
      Good(
        model: "stories260K", arguments: ["--to", "mlx", "--type", "2bit"],
        output: "stories260K-2bit"),
      Good(
        model: "llava-tiny",
        arguments: ["--to", "compressed-tensors", "--type", "int4", "--group-size", "64"],
        output: "llava-tiny-int4-g64"),
    ]

  @Test("a good conversion has the structure of its source", arguments: good)
  func conversions(_ good: Good) throws {
    let folder = try TemporaryFolder()
    let source = Fixtures.path(good.model)
    let made = try Command(["quantize", source] + good.arguments + ["-o", folder.path, "--quiet"])
    #expect(made.status == 0, "\(made.error)")
    let verified = try Self.verify(source, folder.file(good.output))
    #expect(verified.status == 0, "\(verified.error)\(verified.output)")
    #expect(
      verified.output.contains("the structure is that of \(good.model)"), "\(verified.output)")
  }

  @Test(
    "families that see images keep their structure",
    arguments: [
      ("gemma4", "gguf"), ("gemma4", "mlx"), ("internvl-chat", "gguf"), ("internvl-chat", "mlx"),
      ("paligemma", "mlx"),
      ("paligemma", "gguf"), ("paligemma2", "mlx"), ("paligemma2", "gguf"),
      ("llava-next", "mlx"), ("llava-next", "gguf"), ("pixtral", "mlx"),
      ("pixtral", "gguf"), ("mistral3", "gguf"), ("lighton-ocr", "gguf"), ("qwen2vl", "gguf"),
      ("qwen2.5vl", "gguf"),
      ("qwen2vl", "mlx"), ("qwen3.5", "gguf"), ("qwen3.5", "mlx"), ("qwen3.5-moe", "gguf"),
      ("qwen3.5-moe", "mlx"), ("qwen3vl", "gguf"),
      ("qwen3vl", "mlx"), ("qwen3vl-moe", "gguf"),
      ("qwen3vl-moe", "mlx"), ("mm1", "gguf"), ("mm1-attention-pool", "gguf"),
      ("mm1-attention-pool", "mlx"), ("mm1-average-pool", "gguf"), ("lfm2vl", "gguf"),
      ("lfm2vl", "mlx"), ("fastvlm", "gguf"), ("fastvlm", "mlx"), ("fastvlm-published", "gguf"),
      ("fastvlm-published", "mlx"), ("gemma3", "gguf"),
    ])
  func families(name: String, container: String) throws {
    let (copy, folder) = (try FixtureCopy(visionLanguage: name), try TemporaryFolder())
    if name == "qwen2.5vl" {
      try copy.replace("\"window_size\": 56", with: "\"window_size\": 112", in: "config.json")
    }
    if container == "gguf", name == "paligemma2" {
      try copy.replace(
        "\"query_pre_attn_scalar\": 24", with: "\"query_pre_attn_scalar\": 8", in: "config.json")
    }
    if container == "gguf", ["lighton-ocr", "pixtral", "mistral3"].contains(name) {
      // What engines take for granted, and the break between rows.
      try copy.replace("\"rope_theta\": 100.0", with: "\"rope_theta\": 10000.0", in: "config.json")
      if name == "mistral3" {
        try copy.replace(
          "\"rms_norm_eps\": 0.001", with: "\"rms_norm_eps\": 0.00001", in: "config.json")
      }
      let settings = #"{"added_tokens_decoder": {"496": {"content": "[IMG_BREAK]"}}}"#
      try copy.write(Array(settings.utf8), to: "tokenizer_config.json")
    }
    let type = container == "gguf" ? "Q8_0" : "8bit"
    let made = try Command([
      "quantize", copy.path, "--to", container, "--type", type, "-o", folder.path, "--quiet",
    ])
    #expect(made.status == 0, "\(made.error)")
    let output = folder.file("\(name)-\(type)" + (container == "gguf" ? ".gguf" : ""))
    let verified = try Self.verify(copy.path, output)
    #expect(verified.status == 0, "\(verified.error)\(verified.output)")
  }

  @Test(
    "rope scaling that a GGUF keeps in tensors is compared as such",
    arguments: [("llama3", "\"factor\": 8.0", "\"factor\": 4.0"), ("phi3-longrope", "7.5", "7.0")])
  func scaling(name: String, old: String, new: String) throws {
    let (copy, folder) = (try FixtureCopy(family: name), try TemporaryFolder())
    let made = try Command(["quantize", copy.path, "--type", "Q8_0", "-o", folder.path, "--quiet"])
    #expect(made.status == 0, "\(made.error)")
    let output = folder.file("\(name)-Q8_0.gguf")
    let verified = try Self.verify(copy.path, output)
    #expect(verified.status == 0, "\(verified.error)\(verified.output)")
    try copy.replace(old, with: new, in: "config.json")
    let broken = try Self.verify(copy.path, output)
    #expect(broken.status == 1 && broken.output.contains("rope"), "\(broken.output)")
  }

  @Test(
    "a model has its own structure",
    arguments: ["mm1-tiny", "mm1-moe-tiny", "llava-tiny", "stories260K"])
  func itself(_ name: String) throws {
    let path = Fixtures.path(name)
    let verified = try Self.verify(path, path, "--json")
    #expect(verified.status == 0, "\(verified.error)\(verified.output)")
    let json = try verified.json
    #expect(json["findings"]?.array?.isEmpty == true, "\(verified.output)")
    let checks = try #require(json["checks"]?.array)
    #expect(checks.allSatisfy { ($0["compared"]?.integer ?? 0) > 0 })
    let names = checks.compactMap { $0["check"]?.string }
    #expect(names.contains("preprocessing") == (name != "stories260K"))
    for name in ["tensors", "rope", "vocabulary", "tokenization", "special tokens", "range"] {
      #expect(names.contains(name))
    }
  }

  @Test("ends of answers are compared across containers")
  func ends() throws {
    let (copy, folder) = (try FixtureCopy("llava-tiny"), try TemporaryFolder())
    try copy.replace(
      "\"eos_token_id\": 2", with: "\"eos_token_id\": [2, 13]", in: "generation_config.json")
    for (model, name) in [(copy.path, "more"), (Fixtures.path("llava-tiny"), "less")] {
      _ = try Command("quantize", model, "--type", "Q8_0", "-o", folder.file(name))
    }
    func gguf(_ name: String) -> String { folder.file("\(name)/llava-tiny-Q8_0.gguf") }
    let good = try Self.verify(copy.path, gguf("more"))
    #expect(good.status == 0, "\(good.output)")
    for (reference, candidate) in [
      (copy.path, gguf("less")), (gguf("less"), copy.path),
      (Fixtures.path("llava-tiny"), gguf("more")), (gguf("more"), gguf("less")),
    ] {
      let broken = try Self.verify(reference, candidate)
      #expect(broken.status == 1 && broken.output.contains("ends of answers"), "\(broken.output)")
    }
  }

  @Test("two conversions of the same files are of the same source")
  func siblings() throws {
    let folder = try TemporaryFolder()
    let source = Fixtures.path("stories260K")
    _ = try Command("quantize", source, "--type", "Q8_0", "-o", folder.path)
    _ = try Command("quantize", source, "--to", "mlx", "--type", "8bit", "-o", folder.path)
    let (a, b) = (folder.file("stories260K-Q8_0.gguf"), folder.file("stories260K-8bit"))
    for pair in [(a, b), (b, a)] {
      let verified = try Self.verify(pair.0, pair.1)
      #expect(verified.output.contains("provenance"), "\(verified.output)")
      #expect(!verified.output.contains("warning: provenance"), "\(verified.output)")
    }
  }

  @Test("a change between two formats of a file is compared as well")
  func containers() throws {
    let folder = try TemporaryFolder()
    let source = Fixtures.path("llava-tiny")
    _ = try Command("quantize", source, "--type", "Q8_0", "-o", folder.path)
    _ = try Command("quantize", source, "--to", "mlx", "--type", "8bit", "-o", folder.path)
    let (a, b) = (folder.file("llava-tiny-Q8_0.gguf"), folder.file("llava-tiny-8bit"))
    for pair in [(a, b), (b, a), (b, source)] {
      let verified = try Self.verify(pair.0, pair.1)
      #expect(verified.status == 0, "\(verified.error)\(verified.output)")
    }
  }

  @Test("the findings depend on the files alone, and the JSON has all of them")
  func findings() throws {
    let broken = try BrokenConversion.Files(.storiesGGUF)
    try GGUFCopy.rewrite(broken.path) { _, tensors in
      for i in tensors.indices where tensors[i].description.name.contains("ffn") {
        tensors[i].bytes.reverse()
      }
    }
    let reports = try ["1", "3"].map {
      try Self.verify(Fixtures.path("stories260K"), broken.path, "--json", "--threads", $0)
    }
    #expect(reports.map(\.status) == [1, 1])
    #expect(reports[0].output == reports[1].output)
    let findings = try #require(try reports[0].json["findings"]?.array)
    #expect(findings.count == 20)
    for finding in findings {
      #expect(finding["severity"] == "error")
      for key in ["check", "subject", "expected", "found", "consequence"] {
        #expect(finding[key]?.string?.isEmpty == false)
      }
    }
  }

  @Test("wrong usage is exit status 64")
  func usage() throws {
    let model = Fixtures.path("stories260K")
    for options in [["--data", "x"], ["--max-kl", "1"], ["--samples", "2"]] {
      let failed = try Command(["verify", "--structure", model, model] + options)
      #expect(failed.status == 64 && failed.error.contains("--structure"), "\(failed.error)")
    }
    let failed = try Command("verify", model, model)
    #expect(failed.status == 64 && failed.error.contains("--data"), "\(failed.error)")
  }
}
