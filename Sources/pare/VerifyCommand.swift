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
        {"images": ["a.png", {"file": "b.png", "whole": true}], "prompt": "<image> and <image>?"}
        {"text": "any text"}
      or a .txt file, cut into windows. "whole" images are not cut into tiles. Images and text are reported apart; a limit holds for each of them, \
      and against the end of the 95 % confidence interval: with too little data it is not decided, and the \
      report says how much is needed. Exit status 1 if one is not kept or not decided.

      Of models that give embeddings of texts, the embeddings of texts, questions and answers are compared.

      The files are compared first; errors there are failures, too. Several conversions are ranked, and their \
      sizes held against their errors.

      With --structure, nothing is run and no DATA is needed: tensors, numbers of the configuration, \
      tokenizer, chat template and image processor are compared. Exit status 1 if there are errors.
      """)

  @Argument(help: "The original.")
  var reference: String

  @Argument(help: "What was made of it; several are ranked.")
  var candidates: [String]

  @OptionGroup var input: SampleOptions

  @Flag(help: "Compare the files alone, without running the models.")
  var structure = false

  @OptionGroup(title: "Limits") var limits: LimitOptions

  @Option(
    help: ArgumentHelp(
      "A folder for report.html, report.md, report.xml (JUnit) and report.json; made if missing.",
      valueName: "dir"))
  var report: String?

  @Option(
    help: ArgumentHelp(
      "Tensors that are put back one by one as they were, to tell what each costs; 0 looks at none (default: 8).",
      valueName: "n")
  )
  var tensors: Int?

  @Flag(
    name: .customLong("rounded"),
    help: ArgumentHelp(
      "Also run the conversion with activations rounded as llama.cpp rounds them, mostly to 8 bits."
    )
  )
  var roundsActivations = false

  @Flag(
    help:
      "Also compare the original with itself in the conversion's container, in a temporary file.")
  var noiseFloor = false

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
    if let tensors, tensors < 0 { throw ValidationError("--tensors: expected at least 0") }
    if candidates.count > 1, mmproj != nil {
      throw ValidationError(
        "--mmproj belongs to one conversion; beside several, each needs its own mmproj-*.gguf")
    }
  }

  func run() throws {
    if let report { try Pare.checkReportFolder(report) }
    let original = try shared.open(reference, projector: referenceMmproj)
    let conversions = try candidates.map { try shared.open($0, projector: mmproj) }
    if structure { return try compareStructure(original, conversions[0]) }
    let limits = try limits.limits()
    var options = PareVerification.Options()
    options.window = input.window
    options.sampleLimit = input.samples
    options.trialCount = tensors
    options.roundsActivations = roundsActivations
    options.measuresNoiseFloor = noiseFloor
    if conversions.count == 1 {
      try finish(
        try shared.show { progress in
          try original.verify(
            conversions[0], data: input.data, limits: limits, options: options,
            progress: progress)
        })
    } else {
      try finish(
        try shared.show { progress in
          try original.rank(
            conversions, data: input.data, limits: limits, options: options, progress: progress)
        })
    }
  }

  private func finish(_ result: some PareReport) throws {
    if let report { try result.write(to: report) }
    if !result.failures.isEmpty { throw PareCommand.LimitNotKept() }
  }
}
