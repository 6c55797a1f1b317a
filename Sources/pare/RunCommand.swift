// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PareKit

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Answers a question about an image, or goes on with a text.",
    discussion: "The answer is printed as it is generated; always the most likely token.")

  @Argument(help: "A Hugging Face folder, a .safetensors file, or a .gguf file.")
  var model: String

  @Option(
    help: "The question; the model's spelling of an image, such as <image>, says where one stands.")
  var prompt: String

  @Option(help: ArgumentHelp("A PNG or JPEG; may be repeated.", valueName: "file"))
  var image: [String] = []

  @OptionGroup var cuts: CutOption

  @Option(help: ArgumentHelp("The most tokens of the answer.", valueName: "n"))
  var limit = 256

  @OptionGroup var projector: ProjectorOption
  @OptionGroup var shared: SharedOptions

  func validate() throws {
    if limit < 1 { throw ValidationError("--limit: expected at least 1, found \(limit)") }
  }

  func run() throws {
    let model = try shared.open(model, projector: projector.mmproj)
    let answer = try model.answer(
      to: prompt, images: image, cutting: cuts.cutLast, limit: limit
    ) { bytes in
      if !shared.json { Terminal.write(bytes) }
    }
    Terminal.write(shared.json ? answer.json : "\n")
  }
}
