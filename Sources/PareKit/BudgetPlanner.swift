// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Checkpoints
import Conversion
import Models
import Notation
import Quantization
import Reports
import Tensors
import Verification

/// Measures what tensors cost, and chooses encodings for budgets.
struct BudgetPlanner {
  /// What a tensor may become, from few bits to many; what does not fit its rows is left out.
  private static let encodings: [Encoding] = [
    .iq2_XXS, .iq2_S, .q2_K, .iq3_XXS, .iq3_S, .q3_K, .iq4_XS, .q4_K, .q5_K, .q6_K, .iq4_NL, .q5_0,
    .q5_1, .q8_0,
  ]
  /// The recipe whose exact tensors stay so, and that stands for parts that the data says nothing of.
  private static let usual = "Q4_K_M"
  /// What costs are measured at: large enough to tell them from rounding, and near the others.
  private static let probe: Encoding = .q3_K
  /// Conversions that a bound on the cost may take.
  private static let attempts = 5

  private let model: PareModel
  private let budget: PareBudget
  private let visionRecipe: String?
  private let importance: Importance?
  private let progress: (PareProgress) -> Void
  /// Measures whole conversions on the other samples; nil for budgets that need no such judge.
  private let judge: TensorSensitivity?
  /// All tensors of the output, as the usual recipe has them.
  private let entries: [ConversionPlan.Entry]
  /// The options of those that can be chosen, by their place in `entries`.
  private let options: [(entry: Int, options: [BitAllocation.Option])]
  /// The cost of a whole conversion over the sum of its tensors' costs.
  private let factor: Double
  private let tokenCount: Int
  /// Bytes of the files that are no tensors.
  private let overhead: Int

  /// Measures what tensors cost.
  ///
  /// - Throws: ``PareError`` before that, if no choice of types could keep the budget.
  init(
    _ model: PareModel, budget: PareBudget, visionRecipe: String?, importance: Importance?,
    samples: Dataset, progress: @escaping (PareProgress) -> Void
  ) throws(PareError) {
    self.model = model
    self.budget = budget
    self.visionRecipe = visionRecipe
    self.importance = importance
    self.progress = progress
    func report(_ done: Comparison.Progress) {
      progress(
        PareProgress(activity: done.activity, done: done.count, total: done.total, isBytes: false))
    }
    let entries = try BudgetPlanner.entries(
      of: model, recipe: BudgetPlanner.usual, visionRecipe, importance)
    self.entries = entries
    let sensitivity = try convertingErrors { () throws(ModelError) in
      try TensorSensitivity(of: model.model, on: samples, half: .even, report: report)
    }
    judge = try convertingErrors { () throws(ModelError) in
      guard case .divergence = budget else { return nil }
      return try TensorSensitivity(of: model.model, on: samples, half: .odd, report: report)
    }
    tokenCount = sensitivity.tokenCount
    let isChosen = sensitivity.seesImages && visionRecipe == nil
    let eligible = entries.indices.filter { index in
      entries[index].choice.encoding.elementsPerBlock > 1
        && (isChosen || entries[index].source.parameter.part == .language)
    }
    try BudgetPlanner.check(budget, of: model, visionRecipe, entries, eligible: Set(eligible))
    let probing = BudgetPlanner.recipe(named: "probe", entries) { index in
      eligible.contains(index) ? BudgetPlanner.probe : entries[index].choice.encoding
    }
    (options, factor, overhead) = try BudgetPlanner.temporarily(
      model, probing, importance, progress
    ) { (conversion, bytes) throws(PareError) in
      let places = eligible.map { TensorPlace(entries[$0].source.parameter) }
      let (costs, whole) = try convertingErrors { () throws(ModelError) in
        (
          try sensitivity.costs(of: conversion.model, places: places),
          try sensitivity.cost(of: conversion.model)
        )
      }
      let sum = costs.values.sorted().reduce(0, +)
      let tensorBytes = conversion.model.parameters.flatMap(\.tensors)
        .reduce(0) { $0 + $1.totalByteCount }
      return (
        try BudgetPlanner.options(
          entries, eligible: eligible, costs: costs, conversion: conversion.model, progress),
        sum > 0 ? whole / sum : 1, bytes - tensorBytes
      )
    }
  }

  /// The encodings of single tensors with what they are expected to cost.
  private static func options(
    _ entries: [ConversionPlan.Entry], eligible: [Int], costs: [TensorPlace: Double],
    conversion: Model, _ progress: (PareProgress) -> Void
  ) throws(PareError) -> [(entry: Int, options: [BitAllocation.Option])] {
    var all: [(entry: Int, options: [BitAllocation.Option])] = []
    for (done, index) in eligible.enumerated() {
      progress(
        PareProgress(
          activity: "errors of types", done: done, total: eligible.count, isBytes: false))
      let entry = entries[index]
      let place = TensorPlace(entry.source.parameter)
      let errors = try convertingErrors { () throws(ModelError) in
        try EncodingErrors(of: entry.source, importance: entry.importance)
      }
      let probe = EncodingChoice(wanted: BudgetPlanner.probe, reason: nil, shape: entry.shape)
      guard let cost = costs[place], let base = errors.relativeSquaredError(in: probe.encoding)
      else { continue }
      let elements = entry.shape.elementCount ?? 0
      let options = encodings.compactMap { encoding -> BitAllocation.Option? in
        guard let error = errors.relativeSquaredError(in: encoding),
          let bytes = encoding.byteCount(elements: elements)
        else { return nil }
        return BitAllocation.Option(
          encoding: encoding, byteCount: bytes, loss: base > 0 ? cost * error / base : 0)
      }
      if !options.isEmpty { all.append((index, options)) }
    }
    return all
  }

  /// Bytes of tensors that a budget allows; nil for one that is no number of bytes.
  private static func bytes(
    _ budget: PareBudget, of model: PareModel, _ visionRecipe: String?,
    _ entries: [ConversionPlan.Entry], overhead: Int
  ) throws(PareError) -> Int? {
    switch budget {
    case .size(let bytes): return bytes - overhead
    case .bits(let bits):
      let weights = entries.reduce(0) { $0 + ($1.shape.elementCount ?? 0) }
      return Int(min(1e15, max(0, bits * Double(weights) / 8)))
    case .like(let recipe):
      return try BudgetPlanner.entries(of: model, recipe: recipe, visionRecipe, nil)
        .reduce(0) { $0 + $1.byteCount }
    case .divergence: return nil
    }
  }

  /// Refuses a budget below what the smallest types take.
  private static func check(
    _ budget: PareBudget, of model: PareModel, _ visionRecipe: String?,
    _ entries: [ConversionPlan.Entry], eligible: Set<Int>, overhead: Int = 0
  ) throws(PareError) {
    let least = entries.indices.reduce(0) { sum, index in
      let shape = entries[index].shape
      let options =
        !eligible.contains(index)
        ? []
        : encodings.filter {
          shape.rowLength % $0.elementsPerBlock == 0
        }
      let bytes = options.compactMap { $0.byteCount(elements: shape.elementCount ?? 0) }
      return sum + (bytes.min() ?? entries[index].byteCount)
    }
    guard let bytes = try bytes(budget, of: model, visionRecipe, entries, overhead: overhead),
      bytes < least
    else { return }
    let weights = entries.reduce(0) { $0 + ($1.shape.elementCount ?? 0) }
    let bits = Figures.decimal(Double(least) * 8 / Double(max(1, weights)) + 0.005, 2)
    throw PareError(
      "the budget cannot be kept: the smallest that the model becomes is \(bits) bits a weight, "
        + "\(Figures.bytes(least + overhead)); give at least that")
  }

  /// The plan for the budget.
  func plan() throws(PareError) -> ParePlan {
    let allocation = BitAllocation(options.map(\.options))
    let chosen = Set(options.map(\.entry))
    if case .divergence(let bound) = budget { return try holding(bound, allocation) }
    let fixed = entries.indices.filter { !chosen.contains($0) }
      .reduce(0) { $0 + entries[$1].byteCount }
    let bytes =
      try BudgetPlanner.bytes(budget, of: model, visionRecipe, entries, overhead: overhead) ?? .max
    guard let choice = allocation.choice(bytes: bytes - fixed) else {
      try BudgetPlanner.check(
        budget, of: model, visionRecipe, entries, eligible: chosen, overhead: overhead)
      throw PareError("the budget cannot be kept; give a larger one")
    }
    return plan(choice, name: budget.name, measured: nil)
  }

  /// The smallest plan whose cost on other samples is within a bound.
  private func holding(_ bound: Double, _ allocation: BitAllocation) throws(PareError) -> ParePlan {
    var own = factor
    var best: ParePlan?
    var nearest = Double.infinity
    var aim = bound
    for _ in 0..<BudgetPlanner.attempts {
      let most = own > 0 ? aim / own : .infinity
      guard let choice = allocation.choice(loss: most) ?? allocation.choice(bytes: .max) else {
        break
      }
      let trial = plan(choice, name: budget.name, measured: nil)
      let measured = try measure(trial)
      nearest = min(nearest, measured)
      if measured <= bound {
        let found = plan(choice, name: budget.name, measured: measured)
        if best.map({ found.report.byteCount < $0.report.byteCount }) ?? true { best = found }
        if measured > 0.9 * bound || choice == allocation.choice(loss: .infinity) { break }
      }
      // What the choice cost in truth tells how far the sum of tensors is from it.
      let sum = choice.reduce(0) { $0 + $1.loss }
      let next = sum > 0 ? measured / sum : own
      aim = 0.97 * bound
      guard abs(next / own - 1) > 0.01 else { break }
      own = next
    }
    guard let best else {
      throw PareError(
        "the budget cannot be kept: the nearest that was reached is a mean KL of "
          + "\(Figures.small(nearest)), on samples that did not decide")
    }
    return best
  }

  private func measure(_ plan: ParePlan) throws(PareError) -> Double {
    try BudgetPlanner.temporarily(model, plan.recipeJSON, importance, progress) {
      (conversion, _) throws(PareError) in
      try convertingErrors { () throws(ModelError) in
        try judge?.cost(of: conversion.model) ?? .infinity
      }
    }
  }

  private func plan(
    _ choice: [BitAllocation.Option], name: String, measured: Double?
  ) -> ParePlan {
    var chosen: [Int: BitAllocation.Option] = [:]
    for (place, option) in zip(options, choice) { chosen[place.entry] = option }
    let tensors = entries.enumerated().map { index, entry in
      PlanReport.Tensor(
        name: entry.name, role: entry.source.parameter.role, layer: entry.source.parameter.layer,
        encoding: chosen[index]?.encoding ?? entry.choice.encoding,
        byteCount: chosen[index]?.byteCount ?? entry.byteCount,
        weightCount: entry.shape.elementCount ?? 0, cost: chosen[index].map { $0.loss * factor })
    }
    return ParePlan(
      report: PlanReport(
        recipe: name, tensors: tensors,
        byteCount: overhead + tensors.reduce(0) { $0 + $1.byteCount },
        expectedDivergence: factor * choice.reduce(0) { $0 + $1.loss },
        measuredDivergence: measured, tokenCount: tokenCount),
      recipeJSON: BudgetPlanner.recipe(named: name, entries) { tensors[$0].encoding })
  }

  private static func recipe(
    named name: String, _ entries: [ConversionPlan.Entry], encoding: (Int) -> Encoding
  ) -> JSON {
    RecipeWriter.recipe(
      name: name, about: "Chosen for one model by what its tensors cost.",
      entries: entries.enumerated().map { index, entry in
        RecipeWriter.Entry(
          role: entry.source.parameter.role, layer: entry.source.parameter.layer,
          encoding: encoding(index))
      })
  }

  private static func entries(
    of model: PareModel, recipe name: String, _ visionRecipe: String?, _ importance: Importance?
  ) throws(PareError) -> [ConversionPlan.Entry] {
    let recipe = try PareModel.recipe(name)
    let projector = try (visionRecipe ?? recipe.projector).map(PareModel.recipe) ?? recipe
    return try convertingErrors { () throws(ConversionError) in
      try ConversionPlan(
        gguf: model.model, recipe: recipe, projectorRecipe: projector, importance: importance,
        folder: ""
      ).entries
    }
  }

  /// Makes a conversion in a temporary folder, for as long as a body works with it: the body gets
  /// the conversion, and the bytes of its files.
  private static func temporarily<Result>(
    _ model: PareModel, _ recipe: JSON, _ importance: Importance?,
    _ progress: @escaping (PareProgress) -> Void,
    _ body: (PareModel, Int) throws(PareError) -> Result
  ) throws(PareError) -> Result {
    let folder = try convertingErrors { () throws(FileError) in
      try Folder.makeTemporary(prefix: "pare-budget")
    }
    // What is mapped stays readable: nothing is left behind, however the process ends.
    defer { Folder.removeWithFiles(folder) }
    let made = try model.quantize(recipe, importance: importance, in: folder, progress: progress)
    guard let path = made.paths.first(where: { !$0.contains("/mmproj-") }) else {
      throw PareError("\(folder): the conversion has no language model")
    }
    let bytes = try convertingErrors { () throws(FileError) in
      var bytes = 0
      for path in made.paths { bytes += try MappedFile(path: path).bytes.count }
      return bytes
    }
    return try body(try model.opening(path), bytes)
  }
}
