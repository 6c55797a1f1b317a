// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PareKit

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Runs a model and its conversion on the same data and reports what was lost.",
    discussion: """
      DATA is JSON Lines, a line a sample, with paths relative to the file:
        {"image": "a.png", "prompt": "what is at the left?", "answer": "a red circle."}
        {"text": "any text"}
      or a .txt file, cut into windows. Images and text are reported apart; a limit holds for each of them, \
      and against the end of the 95 % confidence interval: with too little data it is not decided, and the \
      report says how much is needed. Exit status 1 if one is not kept or not decided.

      With --structure, nothing is run and no DATA is needed: tensors, numbers of the configuration, \
      tokenizer, chat template and image processor are compared. Exit status 1 if there are errors.
      """)

  @Argument(help: "The original.")
  var reference: String

  @Argument(help: "What was made of it.")
  var candidate: String

  @Option(
    help: ArgumentHelp(
      "Questions and texts: a .jsonl or a .txt file; may be repeated.", valueName: "file"))
  var data: [String] = []

  @Flag(help: "Compare the files alone, without running the models.")
  var structure = false

  @OptionGroup(title: "Limits") var limits: LimitOptions

  @Option(
    help: ArgumentHelp(
      "A folder for report.html, report.md, report.xml (JUnit) and report.json; made if missing.",
      valueName: "dir"))
  var report: String?

  @Option(help: ArgumentHelp("Tokens of a window of text.", valueName: "n"))
  var window = 512

  @Option(
    help: ArgumentHelp(
      "Only the first questions and windows of text (default: all).", valueName: "n"))
  var samples: Int?

  @Option(
    help: ArgumentHelp("The GGUF with the vision part of the original.", valueName: "file"))
  var referenceMmproj: String?

  @Option(
    help: ArgumentHelp(
      "The GGUF with the vision part of the conversion (default: the one beside it).",
      valueName: "file"))
  var mmproj: String?

  @OptionGroup var shared: SharedOptions

  func validate() throws {
    try validateStructure()
    if window < 2 { throw ValidationError("--window: expected at least 2 tokens") }
    if let samples, samples < 1 { throw ValidationError("--samples: expected at least 1") }
  }

  func run() throws {
    let reference = try shared.open(reference, projector: referenceMmproj)
    let candidate = try shared.open(candidate, projector: mmproj)
    if structure { return try compareStructure(reference, candidate) }
    let limits = try limits.limits()
    let result = try shared.show { progress in
      try reference.verify(
        candidate, data: data, limits: limits, window: window, sampleLimit: samples,
        progress: progress)
    }
    if let report { try result.write(to: report) }
    if !result.failures.isEmpty { throw PareCommand.LimitNotKept() }
  }
}
