// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Checkpoints
import Models

/// Holds what a conversion says of its source files against the files of the reference.
struct SourceComparison {
  let reference: Model
  let candidate: Model

  /// What a file of this program names, by the names of files.
  private struct Named {
    let file: String
    let checksums: [(name: String, checksum: String)]
  }

  func check(into findings: inout Findings) {
    let named = [candidate.files.checkpoint, candidate.files.projector].compactMap {
      $0.flatMap(SourceComparison.named)
    }
    // Nothing is read for files that say nothing.
    guard !named.isEmpty else { return }
    // A reference that was made of the same files is as good as these.
    let own = SourceComparison.split(
      reference.files.checksums + reference.files.checkpoint.sourceChecksums)
    for source in named {
      for (name, checksum) in source.checksums {
        findings.count(.provenance)
        let files = own.filter { $0.name == name }
        if files.isEmpty {
          findings.append(
            finding(
              source, expected: own.map(\.name).joined(separator: ", "), found: "'\(name)'"))
        } else if !files.contains(where: { $0.checksum == checksum }) {
          let known = files.map(\.checksum).joined(separator: " or ")
          findings.append(
            finding(source, expected: "'\(name)' with \(known)", found: checksum))
        }
      }
    }
    checkParts(named, into: &findings)
  }

  /// The vision part of one model beside the language model of another.
  private func checkParts(_ named: [Named], into findings: inout Findings) {
    guard named.count == 2,
      named[0].checksums.map(\.checksum) != named[1].checksums.map(\.checksum)
    else { return }
    findings.append(
      Finding(
        .provenance, .warning, of: "'\(named[1].file)'",
        expected: "the sources of '\(named[0].file)'", found: "others",
        consequence: "the vision part was not trained with this language model, or is of another "
          + "version"))
  }

  private func finding(_ source: Named, expected: String, found: String) -> Finding {
    Finding(
      .provenance, .warning, of: "'\(source.file)' was made of", expected: expected, found: found,
      consequence: "what is compared is not the source of the conversion, or another version of it")
  }

  private static func named(by checkpoint: Checkpoint) -> Named? {
    let lines = checkpoint.sourceChecksums
    guard !lines.isEmpty else { return nil }
    let path = checkpoint.files.first?.path ?? checkpoint.path
    return Named(
      file: path.split(separator: "/").last.map(String.init) ?? path, checksums: split(lines))
  }

  private static func split(_ lines: [String]) -> [(name: String, checksum: String)] {
    lines.map { line in
      guard let space = line.lastIndex(of: " ") else { return (line, "no checksum") }
      return (String(line[..<space]), String(line[line.index(after: space)...]))
    }
  }
}
