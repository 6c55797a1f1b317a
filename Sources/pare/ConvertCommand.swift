// SPDX-License-Identifier: Apache-2.0

public import ArgumentParser
public import PareKit

extension PareModel.Container: ExpressibleByArgument {}
extension PareModel.ScalarType: ExpressibleByArgument {}

struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Carries a model over into another container, without quantizing it.",
    discussion: """
      GGUF: DIR/NAME-BF16.gguf, and DIR/mmproj-NAME-BF16.gguf where the model sees images. \
      safetensors: a folder DIR/NAME-BF16 with the model's configuration and tokenizer. \
      mlx, compressed-tensors: such a folder in which packed weights (MLX, compressed-tensors, \
      GPTQ, AWQ) stay packed, with the same values where the target can hold them; the report says \
      where not.
      """)

  @Argument(help: "A Hugging Face folder, a .safetensors file, or a .gguf file.")
  var model: String

  @Option(help: "The container.")
  var to: PareModel.Container

  @Option(
    help: "The type of what is not packed (default: bf16; mlx, compressed-tensors: its own).")
  var type: PareModel.ScalarType?

  @OptionGroup var target: OutputOptions
  @OptionGroup var projector: ProjectorOption
  @OptionGroup var shared: SharedOptions

  func validate() throws { _ = try target.folder() }

  func run() throws {
    let model = try shared.open(model, projector: projector.mmproj)
    try shared.announce(model, as: to)
    _ = try shared.show { progress in
      try model.convert(
        to: to, type: type, in: try target.folder(), replacing: target.force, progress: progress)
    }
  }
}
