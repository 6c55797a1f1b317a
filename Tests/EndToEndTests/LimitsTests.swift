// SPDX-License-Identifier: Apache-2.0

import Fixtures
import Notation
import TestSupport
import Testing

/// Limits from files, and what an earlier run measured.
struct LimitsTests {
  private static let model = Fixtures.path("llava-tiny")

  private static func verify(_ candidate: String, _ arguments: String...) throws -> Command {
    try Command(
      [
        "verify", model, candidate, "--data", model + "/evaluation/data.jsonl", "--samples", "8",
        "--quiet",
      ] + arguments)
  }

  @Test("limits of a file hold for each group, or for the one that they name")
  func file() throws {
    let folder = try TemporaryFolder()
    let text = "max-kl: 0\nimages:\n  min-agreement: 1\n  max-kl-p99: 0.0\n"
    let limits = try folder.write(Array(text.utf8), to: "pare.yml")
    let verified = try Self.verify(Self.model, "--limits", limits, "--json")
    #expect(verified.status == 0, "\(verified.error)")
    let gates = try #require(try verified.json["gates"]?.array)
    #expect(gates.map { $0["group"]?.string } == ["images", "images", "images"])
    #expect(gates.allSatisfy { $0["verdict"]?.string == "kept" })
    // There is no text in this data: a limit for it has nothing to hold.
    let other = try folder.write(Array("text:\n  max-kl: 0\n".utf8), to: "text.yml")
    #expect(try Self.verify(Self.model, "--limits", other, "--json").json["gates"]?.array == [])
  }

  @Test(
    "a mistake in a file is named by its line",
    arguments: [
      ("max-kl: 1\nmax-KL: 2\n", ":2: 'max-KL' is not known here; known are max-kl, "),
      ("images:\n  max-kl: -1\n", ":2: max-kl: expected a number of at least 0, found '-1'"),
      ("images:\n  min-answers: 0.5\n", ":2: 'min-answers' is not known here"),
      ("images: 3\n", ":1: expected limits for 'images'"), ("- 3\n", ":1: expected limits such as"),
      ("min-agreement: many\n", ":1: min-agreement: expected a number from 0 to 1"),
      ("a: [\n", "limits.yml: "),
    ])
  func mistakes(_ text: String, _ words: String) throws {
    let folder = try TemporaryFolder()
    let limits = try folder.write(Array(text.utf8), to: "limits.yml")
    let failed = try Self.verify(Self.model, "--limits", limits)
    #expect(failed.status == 2 && failed.error.contains(words), "\(failed.error)")
  }

  @Test("what is surely worse than a baseline fails, and nothing else does")
  func baseline() throws {
    let folder = try TemporaryFolder()
    for type in ["Q8_0", "Q2_K"] {
      _ = try Command("quantize", Self.model, "--type", type, "-o", folder.path)
    }
    let (good, bad) = (folder.file("llava-tiny-Q8_0.gguf"), folder.file("llava-tiny-Q2_K.gguf"))
    let report = folder.file("good/report.json")
    #expect(try Self.verify(good, "--report", folder.file("good")).status == 0)
    let same = try Self.verify(good, "--baseline", report)
    #expect(same.status == 0, "\(same.output)\(same.error)")
    #expect(same.output.contains("kept: images: the mean KL is"))
    let worse = try Self.verify(bad, "--baseline", report)
    #expect(worse.status == 1)
    #expect(worse.output.contains("failed: images: the mean KL is"))
    #expect(worse.output.contains("; the baseline has "))
    // Better than the baseline is no failure.
    #expect(try Self.verify(bad, "--report", folder.file("bad")).status == 0)
    #expect(try Self.verify(good, "--baseline", folder.file("bad/report.json")).status == 0)
  }

  @Test("a baseline of other data, or none at all, is said so")
  func otherBaseline() throws {
    let folder = try TemporaryFolder()
    #expect(try Self.verify(Self.model, "--report", folder.path).status == 0)
    let other = try Command([
      "verify", Self.model, Self.model, "--data", Self.model + "/evaluation/data.jsonl",
      "--samples", "2", "--baseline", folder.file("report.json"), "--quiet",
    ])
    #expect(other.status == 2 && other.error.contains("made of other data"), "\(other.error)")
    for (text, word) in [("{}", "'groups'"), ("x", "byte 0")] {
      let path = try folder.write(Array(text.utf8), to: "none.json")
      let failed = try Self.verify(Self.model, "--baseline", path)
      #expect(failed.status == 2 && failed.error.contains(word), "\(failed.error)")
    }
  }
}
