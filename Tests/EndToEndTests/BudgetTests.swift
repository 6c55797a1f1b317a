// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Fixtures
import Notation
import TestSupport
import Testing

/// A type for each tensor, by what it costs.
struct BudgetTests {
  private static let model = Fixtures.path("llava-tiny")

  /// Some samples that decide, and others that judge.
  private static func samples(_ folder: TemporaryFolder) throws -> (used: [String], kept: [String])
  {
    let text = try TemporaryFolder.read(model + "/evaluation/text.txt")
    let lines = String(
      decoding: try TemporaryFolder.read(model + "/evaluation/data.jsonl"), as: UTF8.self
    ).replacing("\"image\": \"", with: "\"image\": \"\(model)/evaluation/").split(separator: "\n")
    func data(_ name: String, _ lines: some Sequence<Substring>, _ text: some Collection<UInt8>)
      throws
      -> [String]
    {
      [
        "--data", try folder.write(lines.joined(separator: "\n").utf8, to: name + ".jsonl"),
        "--data", try folder.write(text, to: name + ".txt"),
      ]
    }
    return (
      try data("used", lines.prefix(6), text.prefix(2_500)),
      try data("kept", lines.suffix(12), text.suffix(8_000))
    )
  }

  @Test(
    "at the bytes of a recipe less is lost on other samples, and the saved plan gives the same bytes"
  )
  func like() throws {
    let folder = try TemporaryFolder()
    let (used, kept) = try Self.samples(folder)
    let (planned, replayed, plain) = (folder.file("a"), folder.file("b"), folder.file("c"))
    let recipe = folder.file("plan.json")
    let made = try Command(
      ["quantize", Self.model, "--like", "Q3_K_M", "-o", planned, "--quiet", "--threads", "1"]
        + ["--save-recipe", recipe] + used)
    #expect(made.status == 0, "\(made.error)")
    for arguments in [["--type", recipe, "-o", replayed], ["--type", "Q3_K_M", "-o", plain]] {
      let quantized = try Command(["quantize", Self.model, "--quiet"] + arguments)
      #expect(quantized.status == 0, "\(quantized.error)")
    }
    for name in ["llava-tiny-like-Q3_K_M.gguf", "mmproj-llava-tiny-like-Q3_K_M.gguf"] {
      #expect(
        try TemporaryFolder.read("\(planned)/\(name)")
          == (try TemporaryFolder.read("\(replayed)/\(name)")))
    }
    let ranked = try Command(
      ["verify", Self.model, plain + "/llava-tiny-Q3_K_M.gguf"]
        + [planned + "/llava-tiny-like-Q3_K_M.gguf", "--tensors", "0", "--quiet", "--json"] + kept)
    var figures: [String: (bytes: Int, divergence: Double)] = [:]
    for candidate in try #require(try ranked.json["candidates"]?.array) {
      let name = try #require(candidate["candidate"]?["name"]?.string)
      figures[name] = (
        try #require(candidate["candidate"]?["bytes"]?.integer),
        try #require(candidate["groups"]?["text"]?["meanKL"]?.number)
      )
    }
    let own = try #require(figures["llava-tiny-like-Q3_K_M"])
    let theirs = try #require(figures["llava-tiny-Q3_K_M"])
    #expect(own.bytes <= theirs.bytes)
    #expect(own.divergence < 0.5 * theirs.divergence)
  }

  @Test(
    "a folder for MLX at the bytes of a type loses less, and the saved plan gives the same bytes")
  func folder() throws {
    let folder = try TemporaryFolder()
    let (used, kept) = try Self.samples(folder)
    let (planned, replayed, plain) = (folder.file("a"), folder.file("b"), folder.file("c"))
    let recipe = folder.file("plan.json")
    let mlx = ["quantize", Self.model, "--to", "mlx", "--quiet"]
    let made = try Command(
      mlx + ["--like", "3bit", "-o", planned, "--json", "--save-recipe", recipe] + used)
    #expect(made.status == 0, "\(made.error)")
    for arguments in [["--type", recipe, "-o", replayed], ["--type", "3bit", "-o", plain]] {
      let quantized = try Command(mlx + arguments)
      #expect(quantized.status == 0, "\(quantized.error)")
    }
    let name = "llava-tiny-like-3bit"
    for file in ["model.safetensors", "config.json"] {
      #expect(
        try TemporaryFolder.read("\(planned)/\(name)/\(file)")
          == (try TemporaryFolder.read("\(replayed)/\(name)/\(file)")))
    }
    let ranked = try Command(
      ["verify", Self.model, "\(plain)/llava-tiny-3bit", "\(planned)/\(name)"]
        + ["--tensors", "0", "--quiet", "--json"] + kept)
    let candidates = try #require(try ranked.json["candidates"]?.array)
    var figures: [String: (bytes: Int, divergence: Double)] = [:]
    for candidate in candidates {
      figures[try #require(candidate["candidate"]?["name"]?.string)] = (
        try #require(candidate["candidate"]?["bytes"]?.integer),
        try #require(candidate["groups"]?["text"]?["meanKL"]?.number)
      )
    }
    let own = try #require(figures[name])
    let theirs = try #require(figures["llava-tiny-3bit"])
    #expect(own.bytes <= theirs.bytes)
    #expect(own.divergence < 0.8 * theirs.divergence)
    // Each container refuses the other's recipe, and tells which is meant.
    let other = try Command(["quantize", Self.model, "--type", recipe, "-o", plain, "--quiet"])
    #expect(other.status == 2 && other.error.contains("--to mlx"))
  }

  @Test("all files of a folder together keep a size", arguments: [8_200_000, 8_900_000])
  func folderSize(bytes: Int) throws {
    let folder = try TemporaryFolder()
    let (used, _) = try Self.samples(folder)
    let made = try Command(
      ["quantize", Self.model, "--to", "mlx", "--quiet", "--size", "\(bytes)"]
        + ["-o", folder.file("a")] + used)
    #expect(made.status == 0, "\(made.error)")
    let path = try #require(try Folder.names(in: folder.file("a")).first)
    let files = try Folder.names(in: folder.file("a") + "/" + path)
    let size = try files.reduce(0) {
      try $0 + TemporaryFolder.read(folder.file("a") + "/\(path)/\($1)").count
    }
    #expect(size <= bytes && size > bytes * 9 / 10)
  }

  @Test("a bound on the cost is held on samples that did not decide")
  func divergence() throws {
    let folder = try TemporaryFolder()
    let (used, _) = try Self.samples(folder)
    let bound = 0.02
    let plan = try Command(
      ["quantize", Self.model, "--max-kl", "\(bound)", "--dry-run", "--quiet", "--json"] + used)
    #expect(plan.status == 0, "\(plan.error)")
    let measured = try #require(try plan.json["measuredMeanKL"]?.number)
    #expect(measured <= bound && measured > bound / 10)
    #expect(try #require(try plan.json["bitsPerWeight"]?.number) < 16)
  }

  @Test("costs that a file keeps, all or some, give the plan that they would give when measured")
  func costs() throws {
    let folder = try TemporaryFolder()
    let (used, kept) = try Self.samples(folder)
    let file = folder.file("costs.json")
    func plan(_ more: [String]) throws -> Command {
      try Command(["quantize", Self.model, "--dry-run", "--quiet", "--json"] + more)
    }
    let size = ["--size", "2MB"]
    let expected = try plan(size + used)
    #expect(expected.status == 0, "\(expected.error)")
    _ = try plan(["--bits", "4"] + used + ["--costs", file])
    let whole = try TemporaryFolder.read(file)
    #expect(try plan(size + used + ["--costs", file]).output == expected.output)
    #expect(try TemporaryFolder.read(file) == whole)
    // As an interrupted run leaves it.
    let json = try JSON(parsing: String(decoding: whole, as: UTF8.self))
    let tensors = try #require(json["tensors"]?.array)
    let some: JSON = [
      "measured": json["measured"] ?? .null, "tensors": .array(Array(tensors.prefix(7))),
    ]
    _ = try folder.write(Array(some.text().utf8), to: "costs.json")
    #expect(try plan(size + used + ["--costs", file]).output == expected.output)
    #expect(try TemporaryFolder.read(file) == whole)
    let other = try plan(size + kept + ["--costs", file])
    #expect(other.status == 2 && other.error.contains("of another model"), "\(other.error)")
    _ = try folder.write(Array("{}".utf8), to: "costs.json")
    let lost = try plan(size + used + ["--costs", folder.file("none/costs.json")])
    #expect(lost.status == 2 && lost.error.contains("there is no folder"), "\(lost.error)")
    let foreign = try plan(size + used + ["--costs", file])
    #expect(foreign.status == 2 && foreign.error.contains("no measured costs"))
  }

  @Test("what cannot be kept is refused with the nearest that can; wrong usage is told at once")
  func refused() throws {
    let folder = try TemporaryFolder()
    let (used, _) = try Self.samples(folder)
    let output = ["-o", folder.file("out"), "--quiet"]
    let small = try Command(["quantize", Self.model, "--bits", "1"] + output + used)
    #expect(small.status == 2)
    #expect(small.error.contains("the smallest that the model becomes is"))
    #expect(small.error.contains("bits a weight"))
    let usages: [([String], String)] = [
      (["--bits", "4"], "--data"), (["--type", "Q8_0", "--costs", "a.json"], "belong to a budget"),
      (["--data", used[1], "--type", "Q8_0"], "belong to a budget"),
      (["--bits", "4", "--size", "1MB"] + used, "expected one of"),
      (["--bits", "4", "--type", "Q8_0"] + used, "leave one of both out"),
      (["--size", "much"] + used, "1.8GB"), (["--bits", "0"] + used, "above 0"),
      (["--like", "int4", "--to", "compressed-tensors"] + used, "is for gguf or mlx"),
      ([], "a type or a budget"),
    ]
    for (arguments, sentence) in usages {
      let command = try Command(["quantize", Self.model] + output + arguments)
      #expect(command.status == 64)
      #expect(command.error.contains(sentence), "\(command.error)")
    }
    for arguments in [["--like", "Q9"], ["--like", "Q9", "--to", "mlx"]] {
      let unknown = try Command(["quantize", Self.model] + arguments + output + used)
      #expect(unknown.status == 2 && unknown.error.contains("Q9"))
    }
    #expect((try? TemporaryFolder.read(folder.file("out"))) == nil)
  }
}
