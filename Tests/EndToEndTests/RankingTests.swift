// SPDX-License-Identifier: Apache-2.0

import Fixtures
import Notation
import TestSupport
import Testing

/// Several conversions at once, and what rounding alone does.
struct RankingTests {
  private static let model = Fixtures.path("llava-tiny")

  private static func verify(
    _ candidates: [String], _ arguments: [String], environment: [String: String] = [:]
  ) throws -> Command {
    try Command(
      ["verify", model] + candidates + [
        "--data", model + "/evaluation/data.jsonl", "--samples", "6", "--quiet",
      ] + arguments, environment: environment)
  }

  /// A report without what differs from run to run.
  private static func lasting(_ report: JSON) -> JSON {
    guard case .object(let object) = report else { return report }
    var result = JSON.Object()
    for (key, value) in object where !["isOnFront", "schemaVersion"].contains(key) {
      result[key] = key == "reference" || key == "candidate" ? value["name"] ?? .null : value
    }
    return .object(result)
  }

  @Test("together or alone, the figures are the same; the closest comes first")
  func several() throws {
    let folder = try TemporaryFolder()
    let files = try ["Q2_K", "Q8_0"].map { type in
      _ = try Command("quantize", Self.model, "--type", type, "-o", folder.path)
      return folder.file("llava-tiny-\(type).gguf")
    }
    let reports = folder.file("reports")
    let together = try Self.verify(files, ["--json", "--tensors", "2", "--report", reports])
    #expect(together.status == 0, "\(together.error)")
    let candidates = try #require(try together.json["candidates"]?.array)
    #expect(
      candidates.map { $0["candidate"]?["name"]?.string } == ["llava-tiny-Q8_0", "llava-tiny-Q2_K"])
    #expect(candidates.allSatisfy { $0["isOnFront"] == .bool(true) })
    for (file, found) in zip(files.reversed(), candidates) {
      let alone = try Self.verify([file], ["--json", "--tensors", "2"])
      #expect(Self.lasting(try alone.json) == Self.lasting(found))
    }
    for name in ["report.html", "report.json", "report.md", "report.xml"] {
      for place in ["", "llava-tiny-Q2_K/", "llava-tiny-Q8_0/"] {
        #expect(try TemporaryFolder.read("\(reports)/\(place)\(name)").count > 100)
      }
    }
    // Limits hold for each.
    let limited = try Self.verify(files, ["--max-kl", "0.001", "--tensors", "0"])
    #expect(limited.status == 1)
    #expect(limited.output.contains("1 of 1 kept") && limited.output.contains("0 of 1 kept"))
  }

  @Test("the noise floor is that of the order of operations, and leaves no file")
  func noiseFloor() throws {
    let (folder, temporary) = (try TemporaryFolder(), try TemporaryFolder())
    _ = try Command("quantize", Self.model, "--type", "Q8_0", "-o", folder.path)
    let verified = try Self.verify(
      [folder.file("llava-tiny-Q8_0.gguf")], ["--json", "--noise-floor", "--tensors", "0"],
      environment: ["TMPDIR": temporary.path])
    #expect(verified.status == 0, "\(verified.error)")
    let json = try verified.json
    let floor = try #require(json["noiseFloor"]?["images"]?["meanKL"]?.number)
    let measured = try #require(json["groups"]?["images"]?["meanKL"]?.number)
    // Logits of f32 sums differ by some 1e-6; the divergence goes with the square.
    #expect(floor < 1e-9 && floor < measured / 100)
    #expect(try FixtureCopy.names(in: temporary.path).isEmpty)
  }

  @Test("errors in the files are failures, before any limit")
  func structure() throws {
    let copy = try FixtureCopy("llava-tiny")
    try copy.replace("\"rms_norm_eps\": 1e-05", with: "\"rms_norm_eps\": 1e-03", in: "config.json")
    let verified = try Self.verify([copy.path], ["--tensors", "0"])
    #expect(verified.status == 1)
    #expect(verified.output.contains("error: hyper-parameters: "), "\(verified.output)")
  }

  @Test("an option for one conversion is refused beside several")
  func usage() throws {
    let failed = try Self.verify([Self.model, Self.model], ["--mmproj", "x.gguf"])
    #expect(failed.status == 64 && failed.error.contains("--mmproj belongs to one conversion"))
  }
}
