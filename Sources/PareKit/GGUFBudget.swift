// SPDX-License-Identifier: Apache-2.0

import Conversion
import Models
import Notation
import Quantization
import Tensors

/// GGUF: each tensor has an encoding.
struct GGUFBudget: BudgetContainer {
  let model: PareModel
  let visionRecipe: String?

  let choices: [Encoding] = [
    .iq2_XXS, .iq2_S, .q2_K, .iq3_XXS, .iq3_S, .q3_K, .iq4_XS, .q4_K, .q5_K, .q6_K, .iq4_NL, .q5_0,
    .q5_1, .q8_0,
  ]
  let probe = Encoding.q3_K

  func entries(
    _ recipe: String?, _ importance: Importance?
  ) throws(PareError) -> [ConversionPlan.Entry] {
    let language = try PareModel.recipe(recipe ?? "Q4_K_M")
    let projector = try (visionRecipe ?? language.projector).map(PareModel.recipe) ?? language
    return try convertingErrors { () throws(ConversionError) in
      try ConversionPlan(
        gguf: model.model, recipe: language, projectorRecipe: projector, importance: importance,
        folder: ""
      ).entries
    }
  }

  func choice(of entry: ConversionPlan.Entry) -> Encoding? {
    entry.choice.encoding.elementsPerBlock > 1 ? entry.choice.encoding : nil
  }

  func ruleType(of entry: ConversionPlan.Entry) -> String? { entry.choice.encoding.rawValue }
  func name(of choice: Encoding) -> String { choice.rawValue }

  func byteCount(of entry: ConversionPlan.Entry, as choice: Encoding) -> Int? {
    guard entry.shape.rowLength % choice.elementsPerBlock == 0 else { return nil }
    return choice.byteCount(elements: entry.shape.elementCount ?? 0)
  }

  func error(
    _ errors: EncodingErrors, of entry: ConversionPlan.Entry, as choice: Encoding
  ) -> Double? {
    errors.relativeSquaredError(
      in: EncodingChoice(wanted: choice, reason: nil, shape: entry.shape).encoding)
  }

  func recipe(named name: String, _ tensors: [RecipeWriter.Entry]) -> JSON {
    RecipeWriter.recipe(
      name: name, about: "Chosen for one model by what its tensors cost.", entries: tensors)
  }

  func plan(
    _ recipe: JSON, of model: Model, importance: Importance?, folder: String
  ) throws(PareError) -> ConversionPlan {
    let recipe = try convertingErrors { () throws(RecipeError) in
      try Recipe(text: recipe.text(), name: "plan")
    }
    return try convertingErrors { () throws(ConversionError) in
      try ConversionPlan(
        gguf: model, recipe: recipe, projectorRecipe: recipe, importance: importance,
        folder: folder)
    }
  }

  func path(of conversion: PareConversion) -> String? {
    conversion.paths.first { !$0.contains("/mmproj-") }
  }

  func files(of conversion: PareConversion) -> [String] { conversion.paths }
  func slack(_ entries: [ConversionPlan.Entry]) -> Int { 0 }
}
