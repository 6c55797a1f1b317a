// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Conversion
import Models
import Notation
import Quantization
import Reports
import Tensors
import Verification

extension PareModel {
  /// Chooses a type for each tensor, over the language model, the vision encoder and the
  /// connector together, so that a budget is kept at the least cost.
  ///
  /// What each tensor costs is measured: the model runs with it alone quantized. Other types cost
  /// as much more or less as their squared errors (weighted by importance, if there is any) are larger
  /// or smaller, and costs of tensors add up but for one factor, which a whole conversion tells.
  /// Reference: "second-order" models of loss, such as LeCun et al., Optimal Brain Damage (1989).
  ///
  /// - Parameters:
  ///   - budget: What is to be kept.
  ///   - data: Files of samples: questions with answers and images, and texts.
  ///   - container: GGUF, or a folder for MLX, where the vision encoder and the connector stay as they
  ///     are.
  ///   - groupSize: Weights that share a scale, in a folder: 32, 64 or 128; nil for the usual number.
  ///   - visionRecipe: What the vision encoder and the connector get in GGUF whatever it costs; nil: they
  ///     are chosen with the rest, where the data has answers about images.
  ///   - guidance: What the weights' inputs are like; nil: all errors count alike.
  ///   - costs: A file that keeps what tensors cost as it is measured: with it an interrupted measurement
  ///     goes on, and another budget of the same model, container, data and statistics needs none. Nil:
  ///     nothing is kept.
  ///   - progress: Called now and then.
  /// - Returns: The plan; nothing is written yet.
  /// - Throws: ``PareError`` if the budget is impossible, with the nearest that is possible.
  public func plan(
    _ budget: PareBudget, data: [String], for container: Container = .gguf, groupSize: Int? = nil,
    visionRecipe: String? = nil, guidance: PareGuidance? = nil,
    costs: String? = nil, progress: @escaping (PareProgress) -> Void = { _ in }
  ) throws(PareError) -> ParePlan {
    let samples = try convertingErrors { () throws(ModelError) in try Dataset(paths: data) }
    let importance = try importance(guidance)
    if guidance?.folds ?? false {
      throw PareError("a budget is planned without folding; fold with the recipe of its plan")
    }
    if let followed = importance?.followed {
      throw PareError(
        "the statistics were gathered for \(followed); a budget needs some that serve all types, of "
          + "pare calibrate without --for")
    }
    switch container {
    case .gguf:
      return try BudgetPlanner(
        self, as: GGUFBudget(model: self, visionRecipe: visionRecipe), budget: budget,
        choosesVision: visionRecipe == nil, importance: importance, samples: samples,
        costs: costs, progress: progress
      ).plan()
    case .mlx:
      return try BudgetPlanner(
        self, as: try MLXBudget(self, groupSize: groupSize), budget: budget, choosesVision: true,
        importance: importance, samples: samples, costs: costs, progress: progress
      ).plan()
    case .safetensors, .compressedTensors:
      throw PareError(
        "budgets are for GGUF and MLX: engines that read \(container.rawValue) want one type for "
          + "matrices that they join")
    }
  }

  /// Quantizes the model as planned.
  ///
  /// - Parameters:
  ///   - plan: A plan of this model.
  ///   - guidance: That with which it was planned.
  ///   - folder: Where the outputs go; made if missing.
  ///   - replacing: Whether files that are there may be replaced.
  ///   - progress: Called now and then.
  /// - Returns: What was written.
  /// - Throws: ``PareError``; then nothing was written.
  public func quantize(
    _ plan: ParePlan, guidance: PareGuidance? = nil,
    in folder: String, replacing: Bool = false,
    progress: @escaping (PareProgress) -> Void = { _ in }
  ) throws(PareError) -> PareConversion {
    let importance = try importance(guidance)
    let conversion = try plan.container.plan(
      plan.recipeJSON, of: model, importance: importance, folder: folder)
    try importance?.requireServing(conversion)
    return try run(replacing, progress) { () throws(ConversionError) in conversion }
  }
}
