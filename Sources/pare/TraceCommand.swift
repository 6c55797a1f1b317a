// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PareKit

struct TraceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trace",
    abstract: "Writes every intermediate of a forward pass, to compare another program with.",
    discussion: """
      The output is a .safetensors file of F32 tensors: preprocessed pixels, embeddings, the \
      output of each layer, logits.
      """)

  @Argument(help: "A Hugging Face folder, a .safetensors file, or a .gguf file.")
  var model: String

  @Option(help: ArgumentHelp("A PNG or JPEG; may be repeated.", valueName: "file"))
  var image: [String] = []

  @OptionGroup var cuts: CutOption

  @Option(
    help: "The question; the model's spelling of an image, such as <image>, says where one stands.")
  var prompt: String?

  @Option(
    help: ArgumentHelp(
      "Token ids with commas between; an image's token as often as an image has tokens.",
      valueName: "ids"))
  var tokens: String?

  @OptionGroup var target: OutputFileOptions
  @OptionGroup var projector: ProjectorOption
  @OptionGroup var shared: SharedOptions

  private func input() throws -> PareTraceInput {
    switch (prompt, tokens) {
    case (let prompt?, nil): return .prompt(prompt)
    case (nil, let tokens?):
      let ids = tokens.split(separator: ",", omittingEmptySubsequences: false)
        .map { Int($0.filter { $0 != " " }) }
      guard !ids.isEmpty, !ids.contains(nil) else {
        throw ValidationError("--tokens: expected whole numbers with commas between")
      }
      return .tokens(ids.compactMap(\.self))
    case (nil, nil), (_?, _?): throw ValidationError("expected either --prompt or --tokens")
    }
  }

  func validate() throws {
    _ = try input()
  }

  func run() throws {
    let model = try shared.open(model, projector: projector.mmproj)
    shared.show(
      try model.trace(
        input(), images: image, cutting: cuts.cutLast, to: target.output, replacing: target.force))
  }
}
