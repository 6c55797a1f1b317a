// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Fixtures
import Tensors
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Bad input: one clear sentence on standard error, exit status 2, nothing written.
struct BadInputTests {
  /// Runs a command that must fail, and leave the folder as it was.
  private func expectFailure(
    _ arguments: [String], leaving folder: String, saying words: [String],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let before = listing(folder)
    let failed = try Command(arguments)
    #expect(failed.status == 2, "\(failed.error)", sourceLocation: sourceLocation)
    #expect(failed.output.isEmpty, sourceLocation: sourceLocation)
    #expect(failed.error.hasPrefix("pare: "), sourceLocation: sourceLocation)
    #expect(
      failed.error.split(separator: "\n").count == 1, "\(failed.error)",
      sourceLocation: sourceLocation)
    for word in words {
      #expect(failed.error.contains(word), "\(failed.error)", sourceLocation: sourceLocation)
    }
    #expect(listing(folder) == before, sourceLocation: sourceLocation)
  }

  private func quantize(_ model: String, into folder: TemporaryFolder) -> [String] {
    ["quantize", model, "--type", "Q8_0", "-o", folder.file("new/folder")]
  }

  @Test("a broken checkpoint is refused", arguments: BrokenCheckpoint.all)
  func brokenCheckpoint(broken: BrokenCheckpoint) throws {
    let copy = try FixtureCopy(broken.model)
    try broken.change(copy)
    let folder = try TemporaryFolder()
    try expectFailure(
      quantize(copy.path, into: folder), leaving: folder.path, saying: broken.words)
  }

  @Test("NaN in the weights is found where the model runs, too")
  func runsIntoNaN() throws {
    let copy = try FixtureCopy("stories260K")
    try copy.rewrite { tensors in
      let place = tensors.firstIndex { $0.description.name == "model.norm.weight" } ?? 0
      for i in 0..<4 { tensors[place].bytes[i] = 0xFF }
    }
    try expectFailure(
      ["run", copy.path, "--prompt", "Once"], leaving: copy.path,
      saying: ["'model.norm.weight'", "1 of its values is"])
    try expectFailure(
      ["verify", copy.path, copy.path, "--data", Fixtures.path("tokenizers/README.md")],
      leaving: copy.path, saying: ["'model.norm.weight'"])
  }

  @Test("a path that leads nowhere is named")
  func missing() throws {
    let folder = try TemporaryFolder()
    try expectFailure(
      quantize(folder.file("nothing"), into: folder), leaving: folder.path,
      saying: [folder.file("nothing"), "check the path"])
    try expectFailure(
      quantize(folder.path, into: folder), leaving: folder.path, saying: ["model.safetensors"])
  }

  @Test("targets that cannot be written are named")
  func targets() throws {
    let folder = try TemporaryFolder()
    try folder.write([1], to: "file")
    let model = Fixtures.path("stories260K")
    try expectFailure(
      ["quantize", model, "--type", "Q8_0", "-o", folder.file("file")], leaving: folder.path,
      saying: [folder.file("file")])
    try expectFailure(
      ["quantize", model, "--type", "Q8_0", "-o", "/proc/nothing"], leaving: folder.path,
      saying: ["/proc/nothing"])
    try expectFailure(
      ["quantize", model, "--type", "Q9_X", "-o", folder.path], leaving: folder.path,
      saying: ["Q9_X", "pare types"])
    try expectFailure(
      ["trace", model, "--tokens", "1,2", "-o", folder.file("no/folder/t.safetensors")],
      leaving: folder.path, saying: ["no/folder"])
  }

  @Test("images that do not fit are refused")
  func images() throws {
    let model = Fixtures.path("mm1-tiny")
    let image = Fixtures.path("images/coffee.png")
    func run(_ model: String, _ prompt: String, _ images: String...) -> [String] {
      ["run", model, "--prompt", prompt] + images.flatMap { ["--image", $0] }
    }
    let cases: [([String], [String])] = [
      (run(model, "hi", Fixtures.path("images/README.md")), ["README.md", "PNG or JPEG"]),
      (run(model, "hi", Fixtures.path("images/truncated.jpg")), ["truncated.jpg", "damaged"]),
      (run(model, "hi", Fixtures.path("preprocessing/cmyk.jpg")), ["cmyk.jpg", "CMYK"]),
      (run(model, "hi", "/nothing.png"), ["/nothing.png"]),
      (run(model, "hi"), ["1 place for images", "no image"]),
      (run(model, "hi <image>", image), ["2 places for images", "one image"]),
      (run(model, "hi", image, image), ["1 place for images", "2 were given"]),
      (run(Fixtures.path("stories260K"), "hi", image), ["text only", "coffee.png"]),
      (
        ["trace", model, "--tokens", "5,1,1", "-o", "/tmp/never.safetensors"],
        ["2 tokens in the places of images"]
      ), (["trace", model, "--tokens", "99999", "-o", "/tmp/never.safetensors"], ["99999"]),
    ]
    for (arguments, words) in cases {
      try expectFailure(arguments, leaving: Fixtures.path("images"), saying: words)
    }
  }

  @Test("data that cannot be used names file and line")
  func data() throws {
    let folder = try TemporaryFolder()
    let model = Fixtures.path("stories260K")
    func verify(_ name: String, _ text: String) throws -> [String] {
      ["verify", model, model, "--data", try folder.write(Array(text.utf8), to: name)]
    }
    try expectFailure(try verify("a.txt", " \n"), leaving: folder.path, saying: ["a.txt"])
    try expectFailure(try verify("e.jsonl", ""), leaving: folder.path, saying: ["e.jsonl"])
    try expectFailure(
      try verify("l.jsonl", "[{\"text\": \"x\"}]"), leaving: folder.path,
      saying: ["l.jsonl:1", "object"])
    try expectFailure(
      try verify("k.jsonl", "{\"prompt\": \"x\", \"answer\": 5}"), leaving: folder.path,
      saying: ["k.jsonl:1", "\"answer\""])
    try expectFailure(
      ["verify", model, model, "--data", model + "/model.safetensors"], leaving: folder.path,
      saying: ["model.safetensors", "UTF-8"])
    try expectFailure(
      try verify("n.jsonl", "{\"image\": \"n.png\", \"prompt\": \"x\"}"), leaving: folder.path,
      saying: ["n.png"])
    try expectFailure(
      try verify("b.jsonl", "{\"text\": \"x\"}\nno json"), leaving: folder.path,
      saying: ["b.jsonl:2"])
    try expectFailure(
      try verify("c.jsonl", "{\"answer\": \"x\"}"), leaving: folder.path,
      saying: ["c.jsonl:1", "prompt"])
    try expectFailure(
      [
        "verify", model, Fixtures.path("mm1-tiny"), "--data",
        try folder.write(Array("x".utf8), to: "x.txt"),
      ], leaving: folder.path, saying: ["vocabulary"])
  }

  @Test("a sample that does not fit is named by its line")
  func samples() throws {
    let folder = try TemporaryFolder()
    let model = Fixtures.path("mm1-tiny")
    let image = model + "/evaluation/images/000.png"
    let many = String(repeating: "word ", count: 1000)
    let cases = [
      ("{\"prompt\": \"x\", \"answer\": \"y\"}", "1 place for images"),
      ("{\"image\": \"\(image)\", \"prompt\": \"<image>\"}", "2 places for images"),
      (
        "{\"image\": \"\(image)\", \"prompt\": \"x\", \"answer\": \"\(many)\"}", "more than the 512"
      ),
    ]
    for (line, words) in cases {
      // Ends of lines as on Windows, and a mark at the beginning, are no mistakes.
      let text = "\u{FEFF}{\"text\": \"a b c\"}\r\n\r\n\(line)\r\n"
      let path = try folder.write(Array(text.utf8), to: "data.jsonl")
      try expectFailure(
        ["verify", model, model, "--data", path], leaving: folder.path,
        saying: ["\(path):3: ", words])
    }
    try expectFailure(
      ["run", Fixtures.path("stories260K"), "--prompt", many], leaving: folder.path,
      saying: ["stories260K", "more than the 512", "shorten"])
  }

  @Test("what stands beside the weights is not replaced without --force")
  func companions() throws {
    let folder = try TemporaryFolder()
    let arguments = [
      "convert", Fixtures.path("stories260K"), "--to", "safetensors", "-o", folder.path,
    ]
    #expect(try Command(arguments).status == 0)
    try folder.write(Array("other".utf8), to: "stories260K-BF16/model.safetensors")
    try expectFailure(arguments, leaving: folder.path, saying: ["the file is there", "--force"])
    unlink(folder.file("stories260K-BF16/model.safetensors"))
    #expect(try Command(arguments).status == 0)
    unlink(folder.file("stories260K-BF16/model.safetensors"))
    try folder.write(Array("{}".utf8), to: "stories260K-BF16/config.json")
    try expectFailure(arguments, leaving: folder.path, saying: ["config.json", "--force"])
    #expect(try Command(arguments + ["--force"]).status == 0)
  }

  @Test("the vision part of a GGUF is no model, and a safetensors model takes none")
  func projectors() throws {
    let folder = try TemporaryFolder()
    let model = Fixtures.path("mm1-tiny")
    _ = try Command("quantize", model, "--type", "Q8_0", "-o", folder.path)
    let projector = folder.file("mmproj-mm1-tiny-Q8_0.gguf")
    try expectFailure(
      ["inspect", projector], leaving: folder.path, saying: ["--mmproj", "vision part"])
    try expectFailure(
      ["inspect", model, "--mmproj", projector], leaving: folder.path, saying: ["--mmproj"])
    let language = folder.file("mm1-tiny-Q8_0.gguf")
    try expectFailure(
      ["inspect", language, "--mmproj", language], leaving: folder.path,
      saying: ["expected the GGUF with a vision part", "'llama'"])
    let text = folder.file("text")
    _ = try Command("quantize", Fixtures.path("stories260K"), "--type", "Q8_0", "-o", text)
    try expectFailure(
      ["quantize", text, "--type", "F32", "-o", folder.file("new"), "--mmproj", projector],
      leaving: folder.path, saying: ["256 channels", "64", "do not belong together"])
  }

  @Test(
    "wrong usage is exit status 64",
    arguments: [
      ["nonsense"], ["inspect"], ["inspect", "x", "--threads", "0"], ["inspect", "x", "--frob"],
      ["quantize", "x", "--type", "Q8_0"], ["quantize", "x", "--type", "Q8_0", "-o", ""],
      ["quantize", "x", "--type", "Q8_0", "-o", "y.gguf"],
      ["convert", "x", "--to", "onnx", "-o", "y"],
      ["verify", "x", "y", "--data", "z", "--max-kl", "abc"],
      ["verify", "x", "y", "--data", "z", "--min-agreement", "2"],
      ["trace", "x", "-o", "y"], ["trace", "x", "-o", "y", "--prompt", "a", "--tokens", "1"],
      ["trace", "x", "-o", "y", "--tokens", "1,two"],
      ["trace", "x", "-o", "y", "--tokens", "1,,2"], ["trace", "x", "-o", "", "--tokens", "1"],
      ["verify", "x", "y"], ["verify", "x", "y", "--data", "z", "--samples", "0"],
      ["run", "x", "--prompt", "a", "--limit", "0"],
    ])
  func usage(arguments: [String]) throws {
    let failed = try Command(arguments)
    #expect(failed.status == 64, "\(failed.error)")
    #expect(failed.error.contains("Usage: pare"))
    #expect(failed.output.isEmpty)
  }
}
