// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Fixtures
import Notation
import Tensors
import TestSupport
import Testing

/// `run` and `trace` against what PyTorch computed.
struct ForwardTests {
  static let models = ["mm1-tiny", "mm1-moe-tiny", "llava-tiny"]

  /// What `GoldenParityTests` derives for the library.
  private static let tolerance = 1e-4

  /// The Frobenius distance ‖a − b‖ / ‖b‖.
  private static func distance(_ a: [Float], _ b: [Float]) -> Double {
    let error = zip(a, b).reduce(0.0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
    return (error / b.reduce(0.0) { $0 + Double($1) * Double($1) }).squareRoot()
  }

  private struct Question {
    let image: String
    let prompt: String
    let greedy: String
  }

  private func questions(of model: String, count: Int) throws -> [Question] {
    let bytes = try TemporaryFolder.read(Fixtures.path("\(model)/evaluation/data.jsonl"))
    return try String(decoding: bytes, as: UTF8.self).split(separator: "\n").prefix(count).map {
      let line = try JSON(parsing: String($0))
      return Question(
        image: Fixtures.path("\(model)/evaluation/\(try #require(line["image"]?.string))"),
        prompt: try #require(line["prompt"]?.string),
        greedy: try #require(line["greedy"]?.string))
    }
  }

  @Test("the answers are PyTorch's, for any number of threads", arguments: models)
  func answers(model: String) throws {
    for (index, question) in try questions(of: model, count: 5).enumerated() {
      let answer = try Command(
        "run", Fixtures.path(model), "--image", question.image, "--prompt", question.prompt,
        "--threads", "\(index % 3 + 1)")
      #expect(answer.status == 0)
      #expect(answer.error.isEmpty)
      #expect(answer.output == "\(question.greedy.drop { $0 == " " })\n")
    }
  }

  /// - Pixels come from a photograph, and tokens from PyTorch.
  @Test(
    "images of tiles are traced with all of them, and go on to PyTorch's logits",
    arguments: ["smolvlm", "lfm2vl", "llava-next", "mm1", "mm1-attention-pool"])
  func tiles(family: String) throws {
    let (copy, folder) = (try FixtureCopy(visionLanguage: family), try TemporaryFolder())
    let golden = try Checkpoint(
      path: Fixtures.path("vision-language/\(family)/golden.safetensors"))
    let images = ["chelsea", "astronaut-tall"].prefix(golden["pixels.1"] == nil ? 1 : 2)
    let traced = try Command(
      ["trace", copy.path, "-o", folder.file("t.safetensors"), "--tokens"]
        + [#require(golden["tokens"]).integers.map(String.init).joined(separator: ",")]
        + images.flatMap { ["--image", Fixtures.path("images/\($0).png")] })
    #expect(traced.status == 0, "\(traced.error)")
    let trace = try Checkpoint(path: folder.file("t.safetensors"))
    let pixels = images.count == 1 ? ["pixels"] : ["pixels.0", "pixels.1"]
    // A whole image has no number of tiles.
    #expect(
      pixels.map { trace[$0]?.shape.dimensions }
        == images.indices.map { index in
          (golden[index == 0 ? "pixels" : "pixels.1"]?.shape.dimensions).map {
            family == "lfm2vl" && $0[0] == 1 ? Array($0.dropFirst()) : $0
          }
        })
    #expect(trace["pixels.0.overview"]?.shape == golden["pixels.overview"]?.shape)
    let (own, expected) = (try #require(trace["logits"]), try #require(golden["logits"]))
    let last = Array(own.floats.suffix(expected.floats.count))
    #expect(ForwardTests.distance(last, expected.floats) <= 1e-5)
  }

  @Test("images are resized with the arithmetic that is asked for")
  func backends() throws {
    let folder = try TemporaryFolder()
    let arguments = [
      "trace", Fixtures.path("llava-tiny"), "--prompt", "what is it?", "--image",
      Fixtures.path("images/chelsea.png"),
    ]
    var pixels: [String: [Float]] = [:]
    for backend in ["", "pil", "torchvision", "torchvision-float"] {
      let output = folder.file("\(backend).safetensors")
      let chosen = backend.isEmpty ? [] : ["--image-backend", backend]
      let traced = try Command(arguments + chosen + ["-o", output])
      #expect(traced.status == 0, "\(traced.error)")
      pixels[backend] = try #require(try Checkpoint(path: output)["pixels"]).floats
    }
    #expect(pixels[""] == pixels["pil"])
    #expect(Set(pixels.values).count == 3)
    let unknown = try Command(arguments + ["--image-backend", "opencv", "-o", folder.file("a")])
    #expect(unknown.status == 64 && unknown.error.contains("torchvision-float"))
  }

  @Test("the intermediates are PyTorch's", arguments: models)
  func intermediates(model: String) throws {
    let folder = try TemporaryFolder()
    let golden = try Checkpoint(path: Fixtures.path("\(model)/golden.safetensors"))
    let tokens = try #require(golden["0.tokens"]).integers
    let traced = try Command(
      "trace", Fixtures.path(model), "--image",
      Fixtures.path("\(model)/evaluation/images/000.png"), "--tokens",
      tokens.map(String.init).joined(separator: ","), "-o", folder.file("t.safetensors"), "--json")
    #expect(traced.status == 0, "\(traced.error)")
    let trace = try Checkpoint(path: folder.file("t.safetensors"))
    let names = try #require(try traced.json["tensors"]?.array).compactMap(\.string)
    #expect(names.sorted() == trace.tensors.map(\.name).sorted())
    for tensor in golden.tensors where tensor.name.hasPrefix("0.") && tensor.name != "0.tokens" {
      let name = String(tensor.name.dropFirst(2))
      let ours = try #require(trace[name], "\(name) was not traced")
      #expect(ours.description.shape == tensor.description.shape)
      #expect(ForwardTests.distance(ours.floats, tensor.floats) <= Self.tolerance, "\(name)")
    }
  }

  @Test("a trace does not depend on threads, and says the same of a prompt and of its tokens")
  func sameTrace() throws {
    let folder = try TemporaryFolder()
    let model = Fixtures.path("mm1-moe-tiny")
    let question = try #require(try questions(of: "mm1-moe-tiny", count: 1).first)
    let common = ["trace", model, "--image", question.image]
    #expect(
      try Command(
        common + ["--prompt", question.prompt, "--threads", "1", "-o", folder.file("a")]
      ).status == 0)
    let tokens = try #require(
      try Checkpoint(path: folder.file("a"))["tokens"]
    ).floats.map { "\(Int($0))" }
    #expect(
      try Command(
        common + [
          "--tokens", tokens.joined(separator: ", "), "--threads", "2", "-o", folder.file("b"),
        ]
      ).status == 0)
    #expect(
      try TemporaryFolder.read(folder.file("a")) == TemporaryFolder.read(folder.file("b")))
  }

  @Test("what a verification finds does not depend on threads")
  func sameVerification() throws {
    let folder = try TemporaryFolder()
    let model = Fixtures.path("mm1-tiny")
    _ = try Command("quantize", model, "--type", "Q4_K_M", "-o", folder.path)
    let groups = try ["1", "2"].map { threads in
      try Command(
        [
          "verify", model, folder.file("mm1-tiny-Q4_K_M.gguf"), "--json", "--threads", threads,
        ] + MainJobTests.data(of: "mm1-tiny")
      ).json["groups"]
    }
    #expect(groups[0] == groups[1])
    #expect(groups[0] != nil)
  }

  @Test("--samples counts questions and windows of text alike", arguments: [1, 3])
  func samples(count: Int) throws {
    let model = Fixtures.path("stories260K")
    let verified = try Command(
      "verify", model, model, "--data", Fixtures.path("mm1-tiny/evaluation/text.txt"), "--window",
      "33", "--samples", "\(count)", "--json")
    // Each window begins with a token of its own, that nothing predicts.
    #expect(try verified.json["groups"]?["text"]?["tokens"]?.integer == count * 32)
  }

  @Test("a trace replaces a file only if told to, and no folder")
  func replacing() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write([1, 2, 3], to: "t.safetensors")
    let arguments = ["trace", Fixtures.path("stories260K"), "--tokens", "1,2,3", "-o"]
    let refused = try Command(arguments + [path])
    #expect(refused.status == 2)
    #expect(refused.error.contains("--force"))
    #expect(try TemporaryFolder.read(path) == [1, 2, 3])
    #expect(try Command(arguments + [path, "--force"]).status == 0)
    #expect(try Checkpoint(path: path).tensors.count == 9)
    #expect(try Command(arguments + [folder.path, "--force"]).error.contains("found a folder"))
  }
}

extension StoredTensor {
  /// The values of an F32 tensor.
  fileprivate var floats: [Float] {
    (0..<byteCount / 4).map { bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self) }
  }

  /// The values of an I32 tensor.
  fileprivate var integers: [Int] {
    (0..<byteCount / 4).map {
      Int(bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Int32.self))
    }
  }
}
