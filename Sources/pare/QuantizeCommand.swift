// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PareKit

struct QuantizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quantize",
    abstract: "Makes a model small: weights in few bits, chosen by the role of each tensor.",
    discussion: """
      Writes DIR/NAME-TYPE.gguf, and where the model sees images DIR/mmproj-NAME-TYPE.gguf, \
      as llama.cpp loads them. Types: Q8_0, Q6_K, Q5_K_M, Q4_K_M, IQ4_XS, Q3_K_M, IQ2_M and more, \
      listed by `pare types`, or a recipe of your own in a .json file.
      --to mlx: a folder DIR/NAME-TYPE that mlx-lm and mlx-vlm open. Types: \
      \(Pare.mlxTypes.joined(separator: ", ")).
      --to compressed-tensors: a folder DIR/NAME-TYPE (pack-quantized). Types: \
      \(Pare.compressedTensorsTypes.joined(separator: ", ")).

      Instead of a type, a budget (--size, --bits, --like, --max-kl) with --data: each tensor of a GGUF, \
      or of a folder for MLX, gets the type that its bytes are best spent on. What tensors cost is measured on every other sample.
        pare quantize MODEL --bits 4.25 --data samples.jsonl --dry-run
      --costs FILE keeps what was measured, for another budget or after an interruption.

      Interrupted after more than ten seconds, even by a power cut, it leaves .NAME.partial and a journal; \
      the same command goes on from there. Remove both to begin anew.
      """)

  @Argument(help: "A Hugging Face folder, a .safetensors file, or a .gguf file.")
  var model: String

  @Option(help: "The recipe or type; see above.")
  var type: String?

  @OptionGroup var destination: DestinationOptions

  @OptionGroup(title: "Calibration") var calibration: GuidanceOptions
  @OptionGroup(title: "Budget") var budget: BudgetOptions
  @OptionGroup var target: OutputOptions
  @OptionGroup var projector: ProjectorOption
  @OptionGroup var shared: SharedOptions

  func run() throws {
    let model = try shared.open(model, projector: projector.mmproj)
    try shared.announce(model, as: destination.to.planned)
    guard let type else { return try run(within: budget, model) }
    _ = try shared.show { progress in
      try model.quantize(
        to: destination.target(type), guidance: calibration.guidance,
        in: try target.folder(), replacing: target.force, progress: progress)
    }
  }

  /// Plans for a budget, and writes what was planned.
  private func run(within options: BudgetOptions, _ model: PareModel) throws {
    guard let budget = try options.budget() else { return }
    if let path = options.saveRecipe { try Pare.checkOutput(path, replacing: target.force) }
    if let path = options.costs { try Pare.checkOutput(path, replacing: true) }
    let plan = try shared.showingProgress { progress in
      try model.plan(
        budget, data: options.data, for: destination.to.planned,
        groupSize: destination.groupSize, visionRecipe: destination.visionType,
        guidance: calibration.guidance, costs: options.costs, progress: progress)
    }
    // One object is all that a program expects.
    if options.dryRun || !shared.json { shared.show(plan) }
    if let path = options.saveRecipe { try plan.writeRecipe(to: path) }
    guard !options.dryRun else { return }
    _ = try shared.show { progress in
      try model.quantize(
        plan, guidance: calibration.guidance, in: try target.folder(), replacing: target.force,
        progress: progress)
    }
  }

  func validate() throws {
    if !budget.dryRun { _ = try target.folder() }
    if try budget.budget() != nil {
      if type != nil {
        throw ValidationError("--type: a budget chooses types; leave one of both out")
      }
      if calibration.fold {
        throw ValidationError(
          "--fold: a budget is planned without it; save the plan with --save-recipe, then fold with "
            + "--type of that file")
      }
      if destination.to == .compressedTensors {
        throw ValidationError("--to: a budget is for gguf or mlx; name one of them")
      }
    } else if type == nil {
      throw ValidationError("--type: expected a type or a budget, found none")
    }
  }
}
