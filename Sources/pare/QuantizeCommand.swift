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

  @OptionGroup var target: OutputOptions
  @OptionGroup var projector: ProjectorOption
  @OptionGroup var shared: SharedOptions

  func run() throws {
    let model = try shared.open(model, projector: projector.mmproj)
    _ = try shared.show { progress in
      try model.quantize(
        recipe: type, in: target.output, replacing: target.force, progress: progress)
    }
  }
}
