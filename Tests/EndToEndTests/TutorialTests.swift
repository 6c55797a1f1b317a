// SPDX-License-Identifier: Apache-2.0

import Fixtures
import Foundation
import TestSupport
import Testing

/// What the documentation tells people to type.
struct TutorialTests {
  private static let repository = Fixtures.path("..")

  /// A folder with a model and data under the names of the tutorial.
  private static func workplace() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    // A copy: what is made of a link is named after its target.
    try FileManager.default.copyItem(
      atPath: Fixtures.path("llava-tiny"), toPath: folder.file("model"))
    try FileManager.default.createSymbolicLink(
      atPath: folder.file("data"), withDestinationPath: "model/evaluation")
    return folder
  }

  /// Runs a script with `pare` in its path.
  private static func run(
    _ script: String, in folder: TemporaryFolder, environment: [String: String] = [:]
  ) throws -> Command {
    let bin = URL(fileURLWithPath: Command.path).deletingLastPathComponent().path
    return try Command(
      [], in: folder.path, environment: environment,
      shell: "set -eu\nPATH='\(bin)':$PATH\n" + script)
  }

  @Test("the commands of the tutorial do what it says")
  func tutorial() throws {
    let page = try String(
      contentsOfFile: Self.repository + "/docs/ci.md", encoding: .utf8)
    let blocks = page.components(separatedBy: "```sh\n").dropFirst().compactMap {
      $0.components(separatedBy: "```").first
    }
    #expect(blocks.count == 4)
    let folder = try Self.workplace()
    for block in blocks {
      let done = try Self.run(block, in: folder)
      #expect(done.status == 0, "\(block)\(done.output)\(done.error)")
    }
    #expect(
      listing(folder.file("report")) == ["report.html", "report.json", "report.md", "report.xml"])
  }

  @Test("the action's gate passes what is good, fails what is not, and leaves a summary either way")
  func gate() throws {
    let folder = try Self.workplace()
    let lines = try String(contentsOfFile: folder.file("data/data.jsonl"), encoding: .utf8)
      .split(separator: "\n").prefix(6).joined(separator: "\n")
      .replacingOccurrences(of: "\"images/", with: "\"\(folder.file("data"))/images/")
    try lines.write(toFile: folder.file("few.jsonl"), atomically: true, encoding: .utf8)
    try "max-kl: 0\n".write(toFile: folder.file("pare.yml"), atomically: true, encoding: .utf8)
    #expect(
      try Self.run("pare quantize model --type Q4_K_M -o out --quiet", in: folder).status == 0)
    for (candidate, status) in [("model", 0), ("out/model-Q4_K_M.gguf", 1)] as [(String, Int32)] {
      let done = try Self.run(
        "'\(Self.repository)/scripts/gate'", in: folder,
        environment: [
          "REFERENCE": "model", "CANDIDATE": candidate, "DATA": "few.jsonl", "LIMITS": "pare.yml",
          "GITHUB_STEP_SUMMARY": folder.file("summary-\(status)"),
        ])
      #expect(done.status == status, "\(done.output)\(done.error)")
      let summary = try String(contentsOfFile: folder.file("summary-\(status)"), encoding: .utf8)
      #expect(summary.contains(status == 0 ? "1 of 1 limits kept" : "0 of 1 limits kept"))
    }
  }
}
