// SPDX-License-Identifier: Apache-2.0

import Fixtures
import Notation
import TestSupport
import Testing

/// Quantize and verify, on each model, as a user would.
struct MainJobTests {
  static let models = ["mm1-tiny", "mm1-moe-tiny", "llava-tiny", "stories260K"]

  static func data(of model: String) -> [String] {
    model == "stories260K"
      ? ["--data", Fixtures.path("tokenizers/README.md")]
      : ["--data", Fixtures.path("\(model)/evaluation/data.jsonl"), "--samples", "6"]
  }

  @Test("a model is quantized, and keeps its limits", arguments: models, ["Q8_0", "Q4_K_M"])
  func quantizeAndVerify(model: String, type: String) throws {
    let folder = try TemporaryFolder()
    let quantized = try Command(
      "quantize", Fixtures.path(model), "--type", type, "-o", folder.path, "--json", "--quiet")
    #expect(quantized.status == 0, "\(quantized.error)")
    #expect(quantized.error.isEmpty)
    let files = try #require(try quantized.json["files"]?.array)
    #expect(files.count == (model == "stories260K" ? 1 : 2))
    let path = folder.file("\(model)-\(type).gguf")
    #expect(files.first?["path"]?.string == path)

    let verified = try Command(
      ["verify", Fixtures.path(model), path, "--max-kl", "0.2", "--min-agreement", "0.7", "--json"]
        + MainJobTests.data(of: model))
    #expect(verified.status == 0, "\(verified.error)")
    let groups = try #require(try verified.json["groups"]?.object)
    for (_, group) in groups {
      #expect((group["meanKL"]?.number ?? -1) >= 0)
      #expect((group["agreement"]?.number ?? 0) > 0.7)
      #expect((group["perplexity"]?.number ?? 0) > 1)
    }
  }

  @Test("a limit that is not kept is exit status 1, with the report")
  func gate() throws {
    let folder = try TemporaryFolder()
    let model = Fixtures.path("llava-tiny")
    _ = try Command("quantize", model, "--type", "Q4_K_M", "-o", folder.path)
    let verified = try Command(
      ["verify", model, folder.file("llava-tiny-Q4_K_M.gguf"), "--max-kl", "0"]
        + MainJobTests.data(of: "llava-tiny"))
    #expect(verified.status == 1)
    #expect(verified.output.contains("failed: images: the mean KL is"))
    #expect(verified.output.contains("answers right"))
    let reports = folder.file("reports")
    let unclear = try Command(
      [
        "verify", model, folder.file("llava-tiny-Q4_K_M.gguf"), "--report", reports, "--quiet",
        "--max-kl-p99", "1", "--max-perplexity-ratio", "1", "--min-answers", "0.5",
        "--min-vision-cosine", "0.9",
      ] + MainJobTests.data(of: "llava-tiny"))
    #expect(unclear.status == 1)
    #expect(unclear.output.contains("kept: images: the 99th percentile of KL is"))
    #expect(unclear.output.contains("kept: images: the cosine of image embeddings is"))
    // Six answers decide nothing.
    #expect(unclear.output.contains("not decided: questions: the share of right answers is"))
    #expect(listing(reports).sorted() == ["report.html", "report.json", "report.md", "report.xml"])
    let report = String(decoding: try TemporaryFolder.read(reports + "/report.xml"), as: UTF8.self)
    #expect(report.contains(#"type="undecided"/>"#))
    let text = try Command([
      "verify", model, model, "--data", Fixtures.path("tokenizers/README.md"), "--min-answers", "0",
    ])
    #expect(text.status == 2 && text.error.contains("\"answer\""))
    let itself = try Command(
      ["verify", model, model, "--max-kl", "0", "--min-agreement", "1"]
        + MainJobTests.data(of: "llava-tiny"))
    #expect(itself.status == 0, "\(itself.output)")
  }

  @Test(
    "outputs do not depend on threads, instruction set or folder",
    arguments: [
      ("1", "baseline", "Q4_K_M"), ("7", "avx2", "Q4_K_M"), ("2", "avx512", "Q4_K_M"),
      ("7", "baseline", "IQ2_M"), ("1", "avx2", "IQ3_M"), ("2", "baseline", "IQ1_S"),
      ("7", "avx2", "IQ4_XS"), ("2", "avx2", "MXFP4_MOE"), ("1", "baseline", "Q2_K"),
      ("2", "avx512", "TQ1_0"),
    ])
  func sameBytes(threads: String, instructionSet: String, type: String) throws {
    let (first, second) = (try TemporaryFolder(), try TemporaryFolder())
    let arguments = ["quantize", Fixtures.path("mm1-moe-tiny"), "--type", type, "-o"]
    #expect(try Command(arguments + [first.path]).status == 0)
    // A machine without these instructions takes its own.
    let other = try Command(
      arguments + [second.path, "--threads", threads],
      environment: ["PARE_INSTRUCTION_SET": instructionSet])
    #expect(other.status == 0)
    for name in ["mm1-moe-tiny-\(type).gguf", "mmproj-mm1-moe-tiny-Q8_0.gguf"] {
      let bytes = try TemporaryFolder.read(first.file(name))
      #expect(try bytes == TemporaryFolder.read(second.file(name)))
    }
  }

  @Test("what falls back is counted by type and role, with the bits that were reached")
  func fallbacks() throws {
    let folder = try TemporaryFolder()
    let arguments = ["quantize", Fixtures.path("stories260K"), "--type", "Q4_K_M", "-o"]
    let text = try Command(arguments + [folder.file("text")]).output
    // Rows of 64 and 172 are no whole superblocks: nothing gets what it should.
    #expect(text.contains("not in the type that was wanted, 99.73 % of the weights:\n"), "\(text)")
    #expect(
      text.contains(
        "Q5_0 (5.50 bits) instead of Q4_K (4.50), because rows of 64 are no whole blocks: 5 "
          + "language.attention.query, 5 language.attention.key, "), "\(text)")
    let json = try Command(arguments + [folder.file("json"), "--json"]).json
    let tensors = try #require(json["files"]?.array?.first?["tensors"]?.array)
    let fallbacks = try #require(json["fallbacks"]?.array)
    #expect(
      fallbacks.reduce(0) { $0 + ($1["tensors"]?.integer ?? 0) }
        == tensors.count { $0["type"] != $0["wanted"] })
    // Bits a weight are those of the bytes that were written.
    let bytes = tensors.reduce(0) { $0 + ($1["bytes"]?.integer ?? 0) }
    let weights = tensors.reduce(0) { sum, tensor in
      sum + (tensor["shape"]?.array?.compactMap(\.integer).reduce(1, *) ?? 0)
    }
    #expect(
      abs((json["bitsPerWeight"]?.number ?? 0) - Double(bytes * 8) / Double(weights)) < 1e-9)
  }

  @Test("what engines cannot do with the result is said, to people and programs")
  func notes() throws {
    let folder = try TemporaryFolder()
    let arguments = ["convert", Fixtures.path("mm1-moe-tiny"), "--to", "gguf", "-o"]
    let made = try Command(arguments + [folder.file("text")])
    let notes = made.error.split(separator: "\n").filter { $0.hasPrefix("pare: note: ") }
    #expect(notes.count == 3 && notes.allSatisfy { $0.contains("llama.cpp") }, "\(made.error)")
    let json = try Command(arguments + [folder.file("json"), "--json"]).json
    #expect(
      json["notes"]?.array?.compactMap(\.string).map { "pare: note: \($0)" }
        == notes.map(String.init))
  }

  @Test("what was quantized before is said to lose twice")
  func requantized() throws {
    let folder = try TemporaryFolder()
    func quantize(_ model: String, _ type: String) throws -> String {
      try Command("quantize", model, "--type", type, "-o", folder.file(type)).output
    }
    #expect(try !quantize(Fixtures.path("llava-tiny"), "Q4_K_M").contains("quantized before"))
    let again = try quantize(folder.file("Q4_K_M"), "Q8_0")
    #expect(again.contains("quantized before, to Q4_K"))
    #expect(!again.contains("quantized before, to Q8_0"))
    #expect(try !quantize(folder.file("Q4_K_M"), "F32").contains("quantized before"))
  }

  @Test("what is there already is kept; what is not the same is not replaced without --force")
  func force() throws {
    let folder = try TemporaryFolder()
    let arguments = ["quantize", Fixtures.path("stories260K"), "--type", "Q8_0", "-o", folder.path]
    #expect(try Command(arguments).status == 0)
    let again = try Command(arguments)
    #expect(again.status == 0)
    #expect(again.output.contains("kept"))
    // What is kept counts like what is made.
    let (kept, made) = (
      try Command(arguments + ["--json"]), try Command(arguments + ["--json", "--force"])
    )
    #expect(try kept.json["bitsPerWeight"] == made.json["bitsPerWeight"])
    try folder.write(Array("something else".utf8), to: "stories260K-Q8_0.gguf")
    let refused = try Command(arguments)
    #expect(refused.status == 2)
    #expect(refused.error.contains("--force"))
    #expect(try TemporaryFolder.read(folder.file("stories260K-Q8_0.gguf")).count == 14)
    #expect(try Command(arguments + ["--force"]).status == 0)
    #expect(try Command("inspect", folder.file("stories260K-Q8_0.gguf")).status == 0)
  }

  @Test("the first answer is PyTorch's, streamed and as JSON")
  func run() throws {
    let model = Fixtures.path("mm1-tiny")
    let arguments = [
      "run", model, "--image", model + "/evaluation/images/000.png", "--prompt",
      "what color is the cross?",
    ]
    let answer = try Command(arguments)
    #expect(answer.status == 0)
    #expect(answer.output == "red.\n")
    #expect(try Command(arguments + ["--json"]).json["answer"]?.string == "red.")
    let story = try Command(
      "run", Fixtures.path("stories260K"), "--prompt", "Once upon a time", "--limit", "8")
    #expect(story.output.hasPrefix(", there was a little girl"))
  }

  @Test("inspect lists every tensor with its role")
  func inspect() throws {
    let inspected = try Command(
      "inspect", Fixtures.path("mm1-moe-tiny"), "--tensors", "--json")
    let tensors = try #require(try inspected.json["tensors"]?.array)
    #expect(tensors.count == 208)
    let roles = Set(tensors.compactMap { $0["role"]?.string })
    #expect(roles.isSuperset(of: ["language.experts.router", "vision.patchEmbedding.patch"]))
    #expect(try Command("inspect", Fixtures.path("mm1-moe-tiny")).output.contains("c-abstractor"))
  }

  @Test("a program finds in the JSON what a person finds in the table")
  func members() throws {
    let folder = try TemporaryFolder()
    let model = Fixtures.path("mm1-tiny")
    func keys(_ json: JSON?) -> [String] { json?.object.map { $0.keys } ?? [] }
    let inspected = try Command("inspect", model, "--json").json
    #expect(Set(keys(inspected)).isSuperset(of: ["name", "architecture", "parts"]))
    let quantized = try Command(
      "quantize", model, "--type", "Q4_K_M", "-o", folder.path, "--json"
    ).json
    #expect(
      Set(keys(quantized)).isSuperset(
        of: ["schemaVersion", "files", "dropped", "sourceBytes", "bytes", "seconds"]))
    let tensor = quantized["files"]?.array?.first?["tensors"]?.array?.first
    #expect(
      Set(keys(tensor)).isSuperset(
        of: ["name", "role", "shape", "from", "type", "wanted", "bytes", "relativeError"]))
    let verified = try Command(
      ["verify", model, folder.file("mm1-tiny-Q4_K_M.gguf"), "--json", "--max-kl", "0"]
        + MainJobTests.data(of: "mm1-tiny"))
    #expect(verified.status == 1)
    #expect(
      Set(keys(try verified.json)).isSuperset(
        of: ["schemaVersion", "reference", "candidate", "groups", "answers", "failures"]))
    #expect(try verified.json["failures"]?.array?.count == 1)
  }

  @Test("without a terminal nothing is drawn, and --quiet says nothing on standard error")
  func noDrawing() throws {
    let folder = try TemporaryFolder()
    let model = Fixtures.path("mm1-moe-tiny")
    let output = folder.file("out")
    for arguments in [
      ["quantize", model, "--type", "Q8_0", "-o", output], ["inspect", model, "--tensors"],
      ["verify", model, output] + MainJobTests.data(of: "mm1-moe-tiny"),
    ] {
      for quiet in [[], ["--quiet"]] {
        let done = try Command(arguments + quiet)
        #expect(done.status == 0, "\(done.error)")
        #expect(!(done.output + done.error).utf8.contains { $0 < 0x20 && $0 != 0x0A })
        if !quiet.isEmpty { #expect(done.error.isEmpty) }
      }
    }
  }

  @Test(
    "every command explains all its options",
    arguments: [
      "inspect": ["--tensors", "--mmproj"],
      "convert": ["--to", "--type", "--output", "-o", "--force", "--mmproj", "safetensors"],
      "quantize": ["--to", "--type", "--output", "-o", "--force", "--mmproj", "Q4_K_M"],
      "verify": [
        "--data", "--max-kl", "--min-agreement", "--window", "--samples", "--mmproj",
        "--reference-mmproj",
      ],
      "run": ["--prompt", "--image", "--limit", "--mmproj"],
      "trace": ["--prompt", "--tokens", "--image", "--output", "-o", "--force", "--mmproj"],
    ])
  func help(command: String, options: [String]) throws {
    let help = try Command("help", command)
    #expect(help.status == 0)
    #expect(try Command(command, "--help").output == help.output)
    for option in options + ["--json", "--quiet", "--threads", "--architecture", "--image-backend"]
    {
      #expect(help.output.contains(option))
    }
    #expect(try Command().output.contains("  \(command) "))
    #expect(try Command("--help").output == Command().output)
  }
}
