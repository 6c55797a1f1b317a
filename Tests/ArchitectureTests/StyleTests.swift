// SPDX-License-Identifier: Apache-2.0

import Testing

/// Rules for every source file that can be checked by reading it.
struct StyleTests {
  static let sources = SourceFile.sources.filter { $0.name.hasSuffix(".swift") }
  static let allFiles =
    SourceFile.sources.filter { !$0.name.hasSuffix(".modulemap") }
    + SourceFile.files(in: "Tests") + SourceFile.files(in: "Fixtures")
    + SourceFile.files(in: "Formats") + SourceFile.files(in: "Benchmarks/Sources")

  /// The longest file, and what half of the files stay under, in lines.
  static let longest = 350
  static let median = 150

  @Test func filesWereFound() {
    #expect(Self.sources.count > 100)
  }

  @Test(arguments: allFiles.filter { $0.name.hasSuffix(".swift") })
  func swiftFilesNameTheirLicenceFirst(_ file: SourceFile) {
    #expect(file.lines.first == "// SPDX-License-Identifier: Apache-2.0")
  }

  @Test(arguments: allFiles)
  func noFileIsTooLong(_ file: SourceFile) {
    #expect(file.lines.count - 1 <= Self.longest, "split it by ideas")
  }

  @Test func halfOfTheFilesAreShort() {
    let lengths = Self.sources.map { $0.lines.count - 1 }.sorted()
    #expect(lengths[lengths.count / 2] <= Self.median)
  }

  @Test(arguments: allFiles)
  func filesAreNamedAfterAnIdea(_ file: SourceFile) {
    let drawer =
      /(?i)(^|[a-z+_-])(utils?|utilit(y|ies)|helpers?|common|managers?|misc)([A-Z+_.-]|$)/
    for part in file.path.split(separator: "/") {
      #expect(!String(part).contains(drawer), "name it after what it does")
    }
  }

  /// Badly formed input must give an error that names it, never a crash.
  @Test(arguments: sources)
  func nothingTrapsOnBadInput(_ file: SourceFile) {
    let code = file.code
    for (trap, name) in Self.traps {
      for match in code.matches(of: trap) {
        let line = code[..<match.startIndex].filter { $0 == "\n" }.count + 1
        Issue.record("\(file):\(line): \(name)")
      }
    }
  }

  private static var traps: [(Regex<Substring>, String)] {
    [
      (/\bfatalError\b/, "fatalError"), (/\btry!/, "try!"), (/\bas!/, "as!"),
      (/[\w)\]>}"]!(?![=\w])/, "a forced unwrapping"),
    ]
  }

  /// Work is spread in one place, and files are written behind in another; all else is synchronous.
  private static let threads: Set = [
    "Sources/Parallelism/Parallel.swift", "Sources/BinaryIO/WriteBehind.swift",
  ]

  @Test(arguments: sources.filter { !threads.contains($0.path) })
  func onlyParallelHasThreads(_ file: SourceFile) {
    let code = file.code
    for thread in [/\bDispatchQueue\b/, /\bawait\b/, /\bactor\b/, /\bpthread_create\b/] {
      #expect(!code.contains(thread), "use Parallel.forEach")
    }
  }

  /// What is left to do stands in the tracker, and paths of one machine nowhere.
  @Test(arguments: sources)
  func noNotesAreLeftBehind(_ file: SourceFile) {
    for word in [/\bTODO\b/, /\bFIXME\b/, /\bXXX\b/, /\bHACK\b/, /\/home\//, /\/Users\//] {
      #expect(!file.text.contains(word))
    }
  }
}
