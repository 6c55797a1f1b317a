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

/// Measures what tensors cost, and chooses types for budgets.
struct BudgetPlanner<Container: BudgetContainer> {
  private typealias Allocation = BitAllocation<Container.Choice>
  /// A tensor that can be chosen: entries of the output that have one type, for they are of one place.
  private struct Tensor {
    let place: TensorPlace
    let entries: [Int]
    var options: [Allocation.Option] = []
  }

  /// Conversions that a bound on the cost may take.
  private static var attempts: Int { 5 }

  private let model: PareModel
  private let container: Container
  private let budget: PareBudget
  private let importance: Importance?
  private let progress: (PareProgress) -> Void
  /// Measures whole conversions on the other samples; nil for budgets that need no such judge.
  private let judge: TensorSensitivity?
  /// All tensors of the output, as the usual recipe has them.
  private let entries: [ConversionPlan.Entry]
  /// Those that can be chosen.
  private var tensors: [Tensor]
  /// The cost of a whole conversion over the sum of its tensors' costs.
  private var factor = 1.0
  private let tokenCount: Int
  /// Bytes of tensors that the budget allows, and of files besides; nil for one that is no number.
  private var bytes: Int?
  /// Bytes of the files that are no tensors.
  private var overhead = 0

  /// Measures what tensors cost.
  ///
  /// - Parameters:
  ///   - model: What is to be quantized.
  ///   - container: What it becomes.
  ///   - budget: What is to be kept.
  ///   - choosesVision: Whether the vision encoder and the connector are chosen, too, where the data
  ///     has answers about images.
  ///   - importance: What errors are weighted by.
  ///   - samples: What costs are measured on.
  ///   - path: The file that keeps what tensors cost; nil: none does.
  ///   - progress: Called now and then.
  /// - Throws: ``PareError`` before that, if no choice of types could keep the budget.
  init(
    _ model: PareModel, as container: Container, budget: PareBudget, choosesVision: Bool,
    importance: Importance?, samples: Dataset, costs path: String?,
    progress: @escaping (PareProgress) -> Void
  ) throws(PareError) {
    self.model = model
    self.container = container
    self.budget = budget
    self.importance = importance
    self.progress = progress
    func report(_ done: Comparison.Progress) {
      progress(
        PareProgress(activity: done.activity, done: done.count, total: done.total, isBytes: false))
    }
    let entries = try container.entries(nil, importance)
    self.entries = entries
    let sensitivity = try convertingErrors { () throws(ModelError) in
      try TensorSensitivity(of: model.model, on: samples, half: .even, report: report)
    }
    judge = try convertingErrors { () throws(ModelError) in
      guard case .divergence = budget else { return nil }
      return try TensorSensitivity(of: model.model, on: samples, half: .odd, report: report)
    }
    tokenCount = sensitivity.tokenCount
    let isChosen = sensitivity.seesImages && choosesVision
    tensors = BudgetPlanner.tensors(entries, container) {
      isChosen || $0.source.parameter.part == .language
    }
    switch budget {
    case .size(let size): bytes = size
    case .bits(let bits): bytes = Int(min(1e15, max(0, bits * Double(weightCount) / 8)))
    case .like(let recipe):
      bytes = try container.entries(recipe, nil).reduce(0) { $0 + $1.byteCount }
    case .divergence: bytes = nil
    }
    try check()
    let costs = try costs(by: sensitivity, keptIn: path)
    let sum = costs.tensors.values.sorted().reduce(0, +)
    factor = sum > 0 ? (costs.whole?.cost ?? 0) / sum : 1
    overhead = (costs.whole?.overhead ?? 0) + container.slack(entries)
    if case .size(let size) = budget { bytes = size - overhead }
    for index in tensors.indices {
      progress(
        PareProgress(
          activity: "errors of types", done: index, total: tensors.count, isBytes: false))
      tensors[index].options = try options(of: tensors[index], costs: costs.tensors)
    }
    tensors.removeAll { $0.options.isEmpty }
  }

  /// What the tensors cost, and all of them together, as far as a file does not tell.
  private func costs(
    by sensitivity: TensorSensitivity, keptIn path: String?
  ) throws(PareError) -> MeasuredCosts {
    let plan =
      try path == nil
      ? ""
      : convertingErrors { () throws(ModelError) in try description(of: sensitivity) }
    var costs = try convertingErrors { () throws(ModelError) in
      try MeasuredCosts(keptIn: path, plan: plan)
    }
    guard costs.whole == nil else { return costs }
    // The name stands in the files: no name of a size is longer, so that no plan has more beside tensors.
    let probing = recipe(named: String(repeating: "x", count: 32)) { _ in container.probe }
    try temporarily(probing) { (conversion, overhead) throws(PareError) in
      try convertingErrors { () throws(ModelError) in
        try sensitivity.measure(tensors.map(\.place), of: conversion.model, into: &costs)
        try costs.note(
          MeasuredCosts.Whole(
            cost: try sensitivity.cost(of: conversion.model), overhead: overhead))
      }
    }
    return costs
  }

  /// All that decides what tensors cost.
  private func description(of sensitivity: TensorSensitivity) throws(ModelError) -> String {
    var fingerprint = Fingerprint()
    do throws(FileError) {
      try fingerprint.add(model.model, checksums: model.model.files.checksums)
    } catch { throw .file(error) }
    try sensitivity.add(to: &fingerprint)
    let probe = container.name(of: container.probe)
    fingerprint.add("\(Container.self) \(probe) \(importance?.label ?? "")")
    for (index, entry) in entries.enumerated() {
      let isChosen = tensors.contains { $0.entries.contains(index) }
      fingerprint.add("\(entry.name) \(isChosen ? probe : entry.storage)")
    }
    return "costs \(Pare.version), \(fingerprint.text)"
  }

  /// Entries of a place together, where something can be chosen.
  private static func tensors(
    _ entries: [ConversionPlan.Entry], _ container: Container,
    where isChosen: (ConversionPlan.Entry) -> Bool
  ) -> [Tensor] {
    var places: [TensorPlace] = []
    var members: [TensorPlace: [Int]] = [:]
    for (index, entry) in entries.enumerated()
    where container.choice(of: entry) != nil && isChosen(entry) {
      let place = TensorPlace(entry.source.parameter)
      if members[place] == nil { places.append(place) }
      members[place, default: []].append(index)
    }
    return places.map { Tensor(place: $0, entries: members[$0] ?? []) }
  }

  private var weightCount: Int { entries.reduce(0) { $0 + ($1.shape.elementCount ?? 0) } }

  /// Bytes of the entries that cannot be chosen.
  private var fixedByteCount: Int {
    let chosen = Set(tensors.flatMap(\.entries))
    return entries.indices.filter { !chosen.contains($0) }
      .reduce(0) { $0 + entries[$1].byteCount }
  }

  private func byteCount(of tensor: Tensor, as choice: Container.Choice) -> Int? {
    var sum = 0
    for index in tensor.entries {
      guard let bytes = container.byteCount(of: entries[index], as: choice) else { return nil }
      sum += bytes
    }
    return sum
  }

  /// The types of a tensor with what they are expected to cost.
  private func options(
    of tensor: Tensor, costs: [TensorPlace: Double]
  ) throws(PareError) -> [Allocation.Option] {
    guard let first = tensor.entries.first, let cost = costs[tensor.place] else { return [] }
    let entry = entries[first]
    let errors = try convertingErrors { () throws(ModelError) in
      try EncodingErrors(of: entry.source, importance: entry.inputs.columns)
    }
    guard let base = container.error(errors, of: entry, as: container.probe) else { return [] }
    return container.choices.compactMap { choice in
      guard let bytes = byteCount(of: tensor, as: choice),
        let error = container.error(errors, of: entry, as: choice)
      else { return nil }
      return Allocation.Option(
        type: choice, byteCount: bytes, loss: base > 0 ? cost * error / base : 0)
    }
  }

  /// Refuses a budget below what the smallest types take.
  private func check() throws(PareError) {
    let least = tensors.reduce(fixedByteCount) { sum, tensor in
      let options = container.choices.compactMap { byteCount(of: tensor, as: $0) }
      return sum + (options.min() ?? tensor.entries.reduce(0) { $0 + entries[$1].byteCount })
    }
    guard let bytes, bytes < least else { return }
    let bits = Figures.decimal(Double(least) * 8 / Double(max(1, weightCount)) + 0.005, 2)
    throw PareError(
      "the budget cannot be kept: the smallest that the model becomes is \(bits) bits a weight, "
        + "\(Figures.bytes(least + overhead)); give at least that")
  }

  /// The plan for the budget.
  func plan() throws(PareError) -> ParePlan {
    let allocation = Allocation(tensors.map(\.options))
    if case .divergence(let bound) = budget { return try holding(bound, allocation) }
    guard let choice = allocation.choice(bytes: (bytes ?? .max) - fixedByteCount) else {
      try check()
      throw PareError("the budget cannot be kept; give a larger one")
    }
    return plan(choice, name: budget.name, measured: nil)
  }

  /// The smallest plan whose cost on other samples is within a bound.
  private func holding(_ bound: Double, _ allocation: Allocation) throws(PareError) -> ParePlan {
    var own = factor
    var best: ParePlan?
    var nearest = Double.infinity
    var aim = bound
    for _ in 0..<Self.attempts {
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
    try temporarily(plan.recipeJSON) { (conversion, _) throws(PareError) in
      try convertingErrors { () throws(ModelError) in
        try judge?.cost(of: conversion.model) ?? .infinity
      }
    }
  }

  private func plan(
    _ choice: [Allocation.Option], name: String, measured: Double?
  ) -> ParePlan {
    var chosen: [TensorPlace: Container.Choice] = [:]
    var options: [Int: (option: Allocation.Option, share: Int)] = [:]
    for (tensor, option) in zip(tensors, choice) {
      chosen[tensor.place] = option.type
      for index in tensor.entries { options[index] = (option, tensor.entries.count) }
    }
    let report = entries.enumerated().map { index, entry in
      let own = options[index]
      return PlanReport.Tensor(
        name: entry.name, role: entry.source.parameter.role, layer: entry.source.parameter.layer,
        type: own.map { container.name(of: $0.option.type) } ?? entry.storage,
        byteCount: own.flatMap { container.byteCount(of: entry, as: $0.option.type) }
          ?? entry.byteCount,
        weightCount: entry.shape.elementCount ?? 0,
        cost: own.map { $0.option.loss * factor / Double($0.share) })
    }
    return ParePlan(
      report: PlanReport(
        recipe: name, tensors: report,
        byteCount: overhead + report.reduce(0) { $0 + $1.byteCount },
        expectedDivergence: factor * choice.reduce(0) { $0 + $1.loss },
        measuredDivergence: measured, tokenCount: tokenCount),
      recipeJSON: recipe(named: name) { chosen[$0] }, container: container)
  }

  /// The recipe that gives each tensor what is chosen for its place, and all others what they have.
  private func recipe(named name: String, _ choice: (TensorPlace) -> Container.Choice?) -> JSON {
    let places = Set(tensors.map(\.place))
    var done: Set<TensorPlace> = []
    var tensors: [RecipeWriter.Entry] = []
    for entry in entries {
      let parameter = entry.source.parameter
      let place = TensorPlace(parameter)
      let own = places.contains(place) ? choice(place) : nil
      guard entry.constant == nil, done.insert(place).inserted,
        let type = own.map({ container.name(of: $0) }) ?? container.ruleType(of: entry)
      else { continue }
      tensors.append(
        RecipeWriter.Entry(role: parameter.role, layer: parameter.layer, type: type))
    }
    return container.recipe(named: name, tensors)
  }

  /// Makes a conversion that exists only as long as a body works with it: the body gets the
  /// conversion, and the bytes of its files that are no tensors.
  private func temporarily<Result>(
    _ recipe: JSON, _ body: (PareModel, Int) throws(PareError) -> Result
  ) throws(PareError) -> Result {
    let folder = try convertingErrors { () throws(FileError) in
      try Folder.makeTemporary(prefix: "pare-budget")
    }
    defer { Folder.removeWithFiles(folder) }
    let plan = try container.plan(
      recipe, of: model.model, importance: importance, folder: folder)
    let made = try model.run(false, progress) { () throws(ConversionError) in plan }
    guard let path = container.path(of: made) else {
      throw PareError("\(folder): the conversion has no language model")
    }
    let files = try container.files(of: made)
    let size = try convertingErrors { () throws(FileError) in
      var bytes = 0
      for file in files { bytes += try MappedFile(path: file).bytes.count }
      return bytes
    }
    let tensors = plan.entries.reduce(0) { $0 + $1.byteCount }
    let conversion = try model.opening(path)
    // What is mapped stays readable: nothing is left behind, however the process ends.
    for folder in Set(files.map { Folder.parent(of: $0) }) { Folder.removeWithFiles(folder) }
    return try body(conversion, size - tensors)
  }
}
