// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PareKit

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Shows what a model is: architecture, parts, sizes, tensors.")

  @Argument(help: "A Hugging Face folder, a .safetensors file, or a .gguf file.")
  var model: String

  @Flag(help: "List every tensor with its role, type and shape.")
  var tensors = false

  @OptionGroup var projector: ProjectorOption
  @OptionGroup var shared: SharedOptions

  func run() throws {
    let model = try shared.open(model, projector: projector.mmproj)
    shared.show(model.inspection(tensors: tensors))
  }
}
