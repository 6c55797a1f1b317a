// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The samples that a model runs over.
struct SampleOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Questions and texts: a .jsonl or a .txt file; may be repeated.", valueName: "file"))
  var data: [String] = []

  @Option(help: ArgumentHelp("Tokens of a window of text.", valueName: "n"))
  var window = 512

  @Option(
    help: ArgumentHelp(
      "Only the first questions and windows of text (default: all).", valueName: "n"))
  var samples: Int?

  func validate() throws {
    if window < 2 { throw ValidationError("--window: expected at least 2 tokens") }
    if let samples, samples < 1 { throw ValidationError("--samples: expected at least 1") }
  }
}
