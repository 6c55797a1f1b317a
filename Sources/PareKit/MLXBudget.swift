// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Checkpoints
import Conversion
import Models
import Notation
import Quantization
import Tensors

/// Folders for MLX: each matrix has a number of bits.
struct MLXBudget: BudgetContainer {
  let model: PareModel
  let choices: [PackedTarget]
  let probe: PackedTarget
  private let usual: PackedTarget
  private let groupSize: Int?

  /// - Parameters:
  ///   - model: What is to be quantized.
  ///   - groupSize: Of all types; nil for the usual one.
  /// - Throws: ``PareError`` for a size that MLX does not have.
  init(_ model: PareModel, groupSize: Int?) throws(PareError) {
    self.model = model
    self.groupSize = groupSize
    func target(_ bits: Int) throws(PareError) -> PackedTarget {
      try convertingErrors { () throws(ConversionError) in
        try .mlx(type: "\(bits)bit", groupSize: groupSize)
      }
    }
    var choices: [PackedTarget] = []
    for bits in [2, 3, 4, 5, 6, 8] { choices.append(try target(bits)) }
    self.choices = choices
    probe = try target(3)
    usual = try target(4)
  }

  func entries(
    _ recipe: String?, _ importance: Importance?
  ) throws(PareError) -> [ConversionPlan.Entry] {
    let recipe = try recipe.map { (name) throws(PareError) in
      try PareModel.mlxRecipe(name, groupSize: name.hasSuffix(".json") ? nil : groupSize)
    }
    return try convertingErrors { () throws(ConversionError) in
      try ConversionPlan(
        packed: model.model, recipe: recipe ?? PackedRecipe(usual), importance: importance,
        folder: ""
      ).entries
    }
  }

  func choice(of entry: ConversionPlan.Entry) -> PackedTarget? {
    guard entry.constant == nil, let bits = entry.packing?.scheme.bits else { return nil }
    return choices.first { $0.bits == bits }
  }

  /// Rules are asked about all that is not kept, also about rows that are no whole groups.
  func ruleType(of entry: ConversionPlan.Entry) -> String? {
    entry.keptReason == nil && entry.source.parameter.isUsed
      ? choice(of: entry)?.name ?? usual.name : nil
  }
  func name(of choice: PackedTarget) -> String { choice.name }

  func byteCount(of entry: ConversionPlan.Entry, as choice: PackedTarget) -> Int? {
    choice.byteCount(of: entry)
  }

  func error(
    _ errors: EncodingErrors, of entry: ConversionPlan.Entry, as choice: PackedTarget
  ) -> Double? {
    entry.packing?.numbers.flatMap { errors.relativeSquaredError(in: choice, numbers: $0) }
  }

  func recipe(named name: String, _ tensors: [RecipeWriter.Entry]) -> JSON {
    RecipeWriter.recipe(
      name: name, about: "Chosen for one model by what its tensors cost.", container: "mlx",
      entries: tensors)
  }

  func plan(
    _ recipe: JSON, of model: Model, importance: Importance?, folder: String
  ) throws(PareError) -> ConversionPlan {
    let recipe = try convertingErrors { () throws(RecipeError) in
      try PackedRecipe(mlx: recipe.text(), name: "plan")
    }
    return try convertingErrors { () throws(ConversionError) in
      try ConversionPlan(packed: model, recipe: recipe, importance: importance, folder: folder)
    }
  }

  func path(of conversion: PareConversion) -> String? {
    conversion.paths.first.map { Folder.parent(of: $0) }
  }

  func files(of conversion: PareConversion) throws(PareError) -> [String] {
    guard let folder = path(of: conversion) else { return [] }
    return try convertingErrors { () throws(FileError) in
      try Folder.names(in: folder).map { Folder.path(of: $0, in: folder) }
    }
  }

  /// Each plane's begin and end stand in the header, in digits.
  func slack(_ entries: [ConversionPlan.Entry]) -> Int { 4 * entries.flatMap(\.descriptions).count }
}
