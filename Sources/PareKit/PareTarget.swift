// SPDX-License-Identifier: Apache-2.0

import Conversion
import Models
import Quantization

/// What a model can be quantized to.
public enum PareTarget: Sendable {
  /// GGUF.
  ///
  /// - Parameters:
  ///   - recipe: A name of ``Pare/recipes``, or the path of a recipe in JSON.
  ///   - visionRecipe: The same for the vision encoder and the connector; nil: the one that the
  ///     recipe names.
  case gguf(recipe: String, visionRecipe: String? = nil)
  /// A folder that MLX's stock loaders open.
  ///
  /// - Parameters:
  ///   - type: A name of ``Pare/mlxTypes``, or the path of a recipe for folders in JSON.
  ///   - groupSize: Weights that share a scale: 32, 64 or 128; nil for the usual number, and for
  ///     recipes, whose types say it.
  case mlx(type: String, groupSize: Int? = nil)
  /// A folder that compressed-tensors reads, in `pack-quantized`.
  ///
  /// - Parameters:
  ///   - type: A name of ``Pare/compressedTensorsTypes``.
  ///   - groupSize: Weights that share a scale: 32, 64 or 128; nil for 128.
  ///   - isSymmetric: Whether zero is the middle of the codes, or each group has its own.
  case compressedTensors(type: String, groupSize: Int? = nil, isSymmetric: Bool = true)

  func plan(
    of model: Model, importance: Importance?, folder: String
  ) throws(PareError) -> ConversionPlan {
    let plan: ConversionPlan
    switch self {
    case .gguf(let recipe, let visionRecipe):
      let language = try PareModel.recipe(recipe)
      let projector = try (visionRecipe ?? language.projector).map(PareModel.recipe) ?? language
      plan = try convertingErrors { () throws(ConversionError) in
        try ConversionPlan(
          gguf: model, recipe: language, projectorRecipe: projector, importance: importance,
          folder: folder)
      }
    case .mlx(let type, let groupSize):
      let recipe = try PareModel.mlxRecipe(type, groupSize: groupSize)
      plan = try convertingErrors { () throws(ConversionError) in
        try ConversionPlan(packed: model, recipe: recipe, importance: importance, folder: folder)
      }
    case .compressedTensors(let type, let groupSize, let isSymmetric):
      plan = try convertingErrors { () throws(ConversionError) in
        try ConversionPlan(
          packed: model,
          recipe: PackedRecipe(
            try .compressedTensors(type: type, groupSize: groupSize, isSymmetric: isSymmetric)),
          importance: importance, folder: folder)
      }
    }
    try importance?.requireServing(plan)
    return plan
  }
}

extension Importance {
  /// - Throws: ``PareError`` if it was gathered along the outputs of another plan.
  func requireServing(_ plan: ConversionPlan) throws(PareError) {
    guard let followed, followed != plan.label else { return }
    throw PareError(
      "the statistics were gathered for \(followed) and serve nothing else, not \(plan.label); make "
        + "others with pare calibrate --hessian, with --for this type or without")
  }
}
