// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PareKit

struct QuantizeCommand: ParsableCommand {
  /// The containers that hold quantized weights.
  enum Container: String, ExpressibleByArgument, CaseIterable {
    case gguf
  }

  static let configuration = CommandConfiguration(
    commandName: "quantize",
    abstract: "Makes a model small: weights in few bits, chosen by the role of each tensor.",
    discussion: """
      Writes DIR/NAME-TYPE.gguf, and where the model sees images DIR/mmproj-NAME-TYPE.gguf, \
      as llama.cpp loads them. Types: \(Pare.recipes.joined(separator: ", ")), or a recipe of \
      your own in a .json file.
      """)

  @Argument(help: "A Hugging Face folder, a .safetensors file, or a .gguf file.")
  var model: String

  @Option(help: "The container.")
  var to: Container = .gguf

  @Option(help: "The recipe: \(Pare.recipes.joined(separator: ", ")), or a .json file.")
  var type: String

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The folder for the output; made if missing.", valueName: "dir"))
  var output: String

  @Flag(help: "Replace files that are there.")
  var force = false

  @OptionGroup var projector: ProjectorOption
  @OptionGroup var shared: SharedOptions

  func run() throws {
    let model = try shared.open(model, projector: projector.mmproj)
    let progress = ProgressLine(isQuiet: shared.quiet)
    defer { progress.finish() }
    let result = try model.quantize(
      recipe: type, in: output, replacing: force, progress: progress.update)
    progress.finish()
    shared.show(result)
  }
}
