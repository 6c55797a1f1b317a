// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Fixtures
import Notation
import TestSupport
import Testing

/// The way of an encoder of texts: statistics, conversion, and what it cost.
struct EmbeddingTests {
  private static let lines = [
    #"{"text": "hello words"}"#, #"{"prompt": "end of the image", "answer": "a b c"}"#,
    #"{"text": "1 2 3"}"#, #"{"text": "words = 1 | 2"}"#, #"{"text": "he hell hello"}"#,
    #"{"text": "the user"}"#, #"{"text": "image image"}"#, #"{"text": "c d"}"#,
  ]

  private static func data(in folder: TemporaryFolder) throws -> String {
    try folder.write(Array(lines.joined(separator: "\n").utf8), to: "data.jsonl")
  }

  @Test("statistics, a GGUF, and its embeddings beside the original's")
  func job() throws {
    let (folder, copy) = (try TemporaryFolder(), try FixtureCopy(encoder: "bert"))
    let data = try Self.data(in: folder)
    let text = (0..<200).map { ["hello", "image", "words", "end", "1"][$0 % 5] }
    let long = try folder.write(Array(text.joined(separator: " ").utf8), to: "long.txt")
    let statistics = folder.file("statistics.gguf")
    let calibrated = try Command(["calibrate", copy.path, "--data", long, "-o", statistics])
    #expect(calibrated.status == 0, "\(calibrated.error)")
    for type in ["Q8_0", "Q4_0"] {
      let made = try Command([
        "quantize", copy.path, "--type", type, "--calibration", statistics, "-o", folder.path,
      ])
      #expect(made.status == 0, "\(made.error)")
    }
    let files = ["Q8_0", "Q4_0"].map { folder.file("bert-\($0).gguf") }
    let reports = folder.file("reports")
    let verified = try Command([
      "verify", copy.path, files[0], "--data", data, "--min-cosine", "0.99", "--json", "--quiet",
      "--report", reports,
    ])
    #expect(verified.status == 0, "\(verified.error)\(verified.output)")
    let json = try verified.json
    #expect(json["groups"]?.object?.count == 0)
    let found = try #require(json["embeddings"])
    #expect(found["texts"]?.integer == 9)
    let cosine = try #require(found["cosine"]?.number)
    let least = try #require(found["leastCosine"]?.number)
    #expect(cosine > 0.99 && cosine < 1 && least <= cosine)
    #expect(found["worst"]?.array?.first?["cosine"]?.number == least)
    #expect(found["cosineInterval"]?.array?.count == 2)
    #expect(found["sameNearest"]?.number != nil)
    #expect(json["gates"]?.array?.map { $0["figure"]?.string } == ["cosine of embeddings"])
    #expect(json["blocks"]?.array?.isEmpty == false && json["layers"]?.array?.isEmpty == true)
    func report(_ name: String) throws -> String {
      String(decoding: try TemporaryFolder.read("\(reports)/report.\(name)"), as: UTF8.self)
    }
    #expect(try report("json") == verified.output)
    #expect(try report("xml").contains(#"name="texts: cosine of embeddings""#))
    #expect(try report("md").contains("| least alike | cosine | error | same nearest |"))
    #expect(try report("html").contains("<h2>Embeddings</h2>"))
    #expect(try !report("html").contains("KL") && !report("md").contains("KL"))
    let ranked = try Command(
      ["verify", copy.path] + files.reversed() + ["--data", data, "--quiet"])
    #expect(ranked.status == 0, "\(ranked.error)")
    let lines = ranked.output.split(separator: "\n")
    #expect(lines.dropFirst().first?.hasPrefix("bert-Q8_0") == true, "\(ranked.output)")
  }

  @Test("a broken tensor is exit status 1, with the sentence; a baseline fails it, too")
  func limits() throws {
    let (folder, copy) = (try TemporaryFolder(), try FixtureCopy(encoder: "bert"))
    let data = try Self.data(in: folder)
    let broken = try FixtureCopy(encoder: "bert")
    try broken.rewrite { tensors in
      let place = try #require(
        tensors.firstIndex { $0.description.name.hasSuffix("layer.1.output.dense.weight") })
      tensors[place].bytes = tensors[place].bytes.map { _ in 0 }
    }
    func verify(_ candidate: FixtureCopy, _ arguments: String...) throws -> Command {
      try Command(["verify", copy.path, candidate.path, "--data", data, "--quiet"] + arguments)
    }
    let kept = try verify(copy, "--min-cosine", "1", "--report", folder.path)
    #expect(kept.status == 0, "\(kept.output)")
    #expect(kept.output.contains("kept: texts: the cosine of embeddings is 1"))
    let failed = try verify(broken, "--min-cosine", "0.999")
    #expect(failed.status == 1)
    #expect(failed.output.contains("failed: texts: the cosine of embeddings is 0."))
    #expect(failed.output.contains("; at least 0.999 is asked for"))
    #expect(failed.output.contains("least alike: cosine 0."))
    let limits = try folder.write(Array("min-cosine: 0.999\n".utf8), to: "limits.yml")
    #expect(try verify(broken, "--limits", limits).status == 1)
    let baseline = folder.file("report.json")
    #expect(try verify(copy, "--baseline", baseline).status == 0)
    #expect(try verify(broken, "--baseline", baseline).status == 1)
    let other = try verify(copy, "--baseline", baseline, "--samples", "3")
    #expect(other.status == 2 && other.error.contains("embeddings of 3 texts"), "\(other.error)")
  }

  @Test(
    "what needs predictions is refused, and what needs embeddings elsewhere",
    arguments: [
      (["--max-kl", "1"], "max-kl: the models give embeddings of texts"),
      (["--min-vision-cosine", "1"], "expected min-cosine"),
      (["--tensors", "2"], "tensors: "), (["--rounded"], "rounded: "),
      (["--noise-floor"], "noise-floor: "),
    ])
  func refused(arguments: [String], words: String) throws {
    let (folder, copy) = (try TemporaryFolder(), try FixtureCopy(encoder: "bert"))
    let data = try Self.data(in: folder)
    let failed = try Command(
      ["verify", copy.path, copy.path, "--data", data, "--quiet"] + arguments)
    #expect(failed.status == 2 && failed.error.contains(words), "\(failed.error)")
  }

  @Test("an encoder and a decoder are not compared, nor a decoder's embeddings")
  func mixed() throws {
    let (folder, copy) = (try TemporaryFolder(), try FixtureCopy(encoder: "bert"))
    let data = try Self.data(in: folder)
    let decoder = Fixtures.path("stories260K")
    for pair in [[copy.path, decoder], [decoder, copy.path]] {
      let failed = try Command(["verify"] + pair + ["--data", data, "--quiet"])
      #expect(
        failed.status == 2 && failed.error.contains("\(decoder) predicts tokens"),
        "\(failed.error)")
    }
    let failed = try Command([
      "verify", decoder, decoder, "--data", data, "--min-cosine", "0.9", "--quiet",
    ])
    #expect(
      failed.status == 2 && failed.error.contains("min-cosine: the models give predictions"),
      "\(failed.error)")
    // None but the usual number of trials is meant by saying nothing.
    let usual = try Command([
      "verify", copy.path, copy.path, "--data", data, "--tensors", "0", "--quiet",
    ])
    #expect(usual.status == 0, "\(usual.error)")
  }
}
