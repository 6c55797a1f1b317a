// SPDX-License-Identifier: Apache-2.0

package import Notation
import Tensors

/// A part of one model: its declaration with all numbers filled in.
package struct Part: Sendable {
  /// A block in its place, repetitions unrolled.
  struct Step: Sendable {
    struct Trace: Sendable {
      let name: String
      let layout: TraceDeclaration.Layout
    }

    let declaration: BlockDeclaration
    /// What the block's formulas may use.
    let values: [String: Expression.Value]
    /// The block's tensors, by their keys, with `.bias` for biases, as places in ``parameters``.
    let parameters: [String: Int]
    /// The results that are traced after this step.
    var traces: [Trace]
    let isUsed: Bool
    /// The repetition that it belongs to; nil outside of any.
    let layer: Int?
  }

  package let declaration: PartDeclaration
  package var kind: PartDeclaration.Kind { declaration.kind }
  /// The hyperparameters.
  package let values: [String: Expression.Value]
  package private(set) var parameters: [Parameter] = []
  private(set) var steps: [Step] = []
  /// The file that the numbers come from, for messages.
  let path: String
  /// Where in `config.json` the part's own configuration stands; empty for the top.
  var configPath = ""
  /// A tensor's name in the whole model, from its name in the part.
  let rename: @Sendable (String) -> String
  /// The same for MLX's names.
  let mlxRename: @Sendable (String) -> String

  /// More layers than any model has; a larger number is a mistake or an attack.
  static let maximumRepetitions = 10_000
  private static let maximumTensors = 2_000_000
  private var tensorCount = 0

  /// Fills in the numbers of a declaration.
  ///
  /// - Throws: ``ModelError`` for numbers that make no sense together.
  init(
    _ declaration: PartDeclaration, values: [String: Expression.Value], path: String,
    mlxRename: (@Sendable (String) -> String)? = nil, rename: @escaping @Sendable (String) -> String
  ) throws(ModelError) {
    self.declaration = declaration
    self.values = values
    self.path = path
    self.rename = rename
    self.mlxRename = mlxRename ?? rename
    for requirement in declaration.requirements {
      let holds = try evaluate { () throws(Expression.Failure) in
        try requirement.holds(values, in: declaration)
      }
      guard holds else {
        throw .configuration(path: path, key: declaration.name, sentence: requirement.sentence)
      }
    }
    try unroll(declaration.steps, in: Scope(values: values))
    for index in parameters.indices {
      parameters[index].formerNames = declaration.formerNames(of: parameters[index].names)
    }
  }

  /// Where a step stands.
  private struct Scope {
    var values: [String: Expression.Value]
    var name = ""
    var ggufName = ""
    var layer: Int?
    var layerCount: Int?
    var isUsed = true
  }

  private func failure(_ error: Expression.Failure) -> ModelError {
    .configuration(path: path, key: declaration.name, sentence: "\(error)")
  }

  private mutating func unroll(_ steps: [StepDeclaration], in scope: Scope) throws(ModelError) {
    for step in steps {
      switch step {
      case .block(let block): try append(block, in: scope)
      case .repetition(let repetition): try unroll(repetition, in: scope)
      }
    }
  }

  private mutating func unroll(
    _ repetition: RepetitionDeclaration, in scope: Scope
  ) throws(ModelError) {
    let count = try evaluate { () throws(Expression.Failure) in
      try repetition.count.integer(scope.values)
    }
    guard (0...Part.maximumRepetitions).contains(count) else {
      throw .configuration(
        path: path, key: repetition.count.description,
        sentence: "expected 0 to \(Part.maximumRepetitions), found \(count)")
    }
    var used = count
    if let expression = repetition.used {
      used = try evaluate { () throws(Expression.Failure) in try expression.integer(scope.values) }
      guard (0...count).contains(used) else {
        throw .configuration(
          path: path, key: expression.description,
          sentence: "expected 0 to \(count) layers, found \(used)")
      }
    }
    for index in 0..<count {
      var inner = scope
      inner.values = Part.layerValues(scope.values, of: index, in: declaration)
      inner.values["index"] = .number(Double(index))
      inner.layer = index
      inner.layerCount = used
      inner.isUsed = scope.isUsed && index < used
      let values = inner.values
      inner.name += try evaluate { () throws(Expression.Failure) in
        try repetition.name.name(values)
      }
      inner.ggufName += try evaluate { () throws(Expression.Failure) in
        try repetition.ggufName.name(values)
      }
      try unroll(repetition.steps, in: inner)
      try appendTrace(repetition.trace, values)
    }
    if count > 0 { try appendTrace(repetition.finalTrace, scope.values) }
  }

  private func evaluate<Value>(
    _ body: () throws(Expression.Failure) -> Value
  ) throws(ModelError) -> Value {
    do throws(Expression.Failure) { return try body() } catch { throw failure(error) }
  }

  private mutating func appendTrace(
    _ trace: TraceDeclaration?, _ values: [String: Expression.Value]
  ) throws(ModelError) {
    guard let trace, !steps.isEmpty else { return }
    let name = try evaluate { () throws(Expression.Failure) in try trace.name.name(values) }
    steps[steps.count - 1].traces.append(
      Step.Trace(name: "\(kind.rawValue).\(name)", layout: trace.layout))
  }

  private func holds(_ condition: Expression?, _ scope: Scope) throws(ModelError) -> Bool {
    guard let condition else { return true }
    return try evaluate { () throws(Expression.Failure) in try condition.bool(scope.values) }
  }

  private mutating func append(_ block: BlockDeclaration, in scope: Scope) throws(ModelError) {
    guard try holds(block.condition, scope) else { return }
    var places: [String: Int] = [:]
    for tensor in block.tensors where try holds(tensor.condition, scope) {
      places[tensor.key] = parameters.count
      let weight = try parameter(tensor, of: block, in: scope)
      parameters.append(weight)
      if let isRequired = try needsBias(tensor, in: scope) {
        places[tensor.key + ".bias"] = parameters.count
        parameters.append(weight.bias(isRequired: isRequired))
      }
      guard tensor.hasLimits != nil, try holds(tensor.hasLimits, scope) else { continue }
      for limit in Parameter.Limit.allCases {
        places["\(tensor.key).\(limit)"] = parameters.count
        parameters.append(weight.limit(limit))
      }
    }
    steps.append(
      Step(
        declaration: block, values: scope.values, parameters: places, traces: [],
        isUsed: scope.isUsed, layer: scope.layer))
    try appendTrace(block.trace, scope.values)
  }

  /// Whether the bias beside a tensor must be there; nil where there is none.
  private func needsBias(
    _ tensor: TensorDeclaration, in scope: Scope
  ) throws(ModelError) -> Bool? {
    switch tensor.bias {
    case nil: nil
    case .required: true
    case .optional: false
    case .when(let condition): try holds(condition, scope) ? true : nil
    }
  }

  private mutating func parameter(
    _ tensor: TensorDeclaration, of block: BlockDeclaration, in scope: Scope
  ) throws(ModelError) -> Parameter {
    var dimensions: [Int] = []
    for dimension in tensor.shape {
      let value = try evaluate { () throws(Expression.Failure) in
        try dimension.integer(scope.values)
      }
      guard value > 0 else {
        throw .configuration(
          path: path, key: dimension.description,
          sentence: "expected a positive number for \(block.id).\(tensor.key), found \(value)")
      }
      dimensions.append(value)
    }
    var count: Int?
    if let each = tensor.each {
      let experts = try evaluate { () throws(Expression.Failure) in
        try each.integer(scope.values)
      }
      guard (1...Part.maximumRepetitions).contains(experts) else {
        throw .configuration(
          path: path, key: each.description,
          sentence: "expected 1 to \(Part.maximumRepetitions), found \(experts)")
      }
      count = experts
    }
    tensorCount += count ?? 1
    guard tensorCount <= Part.maximumTensors else {
      throw .configuration(
        path: path, key: declaration.name,
        sentence: "more than \(Part.maximumTensors) tensors; check the numbers")
    }
    let suffix = tensor.isBare ? "" : ".weight"
    var names: [String] = []
    var mlxNames: [String] = []
    for expert in 0..<(tensor.layout.isStacked ? 1 : count ?? 1) {
      var values = scope.values
      values["expert"] = .number(Double(expert))
      let name = try evaluate { [values] () throws(Expression.Failure) in
        try tensor.name.name(values)
      }
      names.append(rename(scope.name + name + suffix))
      mlxNames.append(mlxRename(scope.name + name + suffix))
    }
    let ggufNames = try tensor.ggufNames.map { (template) throws(ModelError) in
      let name = try evaluate { () throws(Expression.Failure) in try template.name(scope.values) }
      return scope.ggufName + name + suffix
    }
    let heads = try tensor.interleavedHeads.map { (heads) throws(ModelError) in
      try evaluate { () throws(Expression.Failure) in try heads.integer(scope.values) }
    }
    guard !tensor.isFlattened || dimensions.count == 4 && tensor.layout == HubLayout() else {
      throw .declaration(
        name: declaration.name,
        sentence: "\(block.id).\(tensor.key): only kernels of height and width can be flattened")
    }
    guard tensor.layout.isUsable(for: dimensions) else {
      throw .declaration(
        name: declaration.name,
        sentence: "\(block.id).\(tensor.key): only one of 1 to 16 alternating rows, and matrices, "
          + "can be stored so")
    }
    var parameter = Parameter(
      part: kind, role: "\(kind.rawValue).\(block.id).\(tensor.key)", layer: scope.layer,
      layerCount: scope.layerCount, names: names, mlxNames: mlxNames,
      ggufName: ggufNames[0], shape: Shape(dimensions),
      isChannelsLast: tensor.isChannelsLast, expertCount: count,
      ggufShape: Part.ggufShape(dimensions, isFlat: tensor.isFlat, count: count),
      interleavedHeads: heads, ggufOffset: tensor.ggufOffset, isRequired: !tensor.isOptional,
      isUsed: scope.isUsed)
    parameter.layout = tensor.layout
    parameter.isFlattened = tensor.isFlattened
    parameter.mlxOffset = tensor.mlxOffset
    parameter.ggufForm = tensor.ggufForm
    parameter.tiling = try tensor.tiling.map { (tiling) throws(ModelError) in
      let sizes = try evaluate { () throws(Expression.Failure) in
        try tiling.sizes(in: scope.values)
      }
      guard
        let own = HeadTiling(
          groups: sizes.groups, width: sizes.width, first: sizes.first,
          isOfColumns: tiling.isOfColumns, of: dimensions)
      else {
        throw .configuration(
          path: path, key: declaration.name,
          sentence: "\(block.id).\(tensor.key): \(Shape(dimensions)) does not hold heads of "
            + "\(sizes.width) in \(sizes.groups) groups from \(sizes.first) on")
      }
      return own
    }
    parameter.fused = try tensor.fused.map { (fused) throws(ModelError) in
      guard fused.layout.isUsable(for: dimensions) else {
        throw .declaration(
          name: declaration.name,
          sentence: "\(block.id).\(tensor.key): only matrices can be fused so")
      }
      let name = try evaluate { () throws(Expression.Failure) in
        try fused.name.name(scope.values)
      }
      return FusedExperts(name: rename(scope.name + name), layout: fused.layout)
    }
    parameter.mlxStack = try tensor.mlxStack.map { (template) throws(ModelError) in
      let name = try evaluate { () throws(Expression.Failure) in try template.name(scope.values) }
      return mlxRename(scope.name + name)
    }
    if let dimension = tensor.cut {
      parameter.cut = GGUFCut(names: ggufNames, dimension: dimension, of: parameter.ggufShape)
      guard parameter.cut != nil else {
        throw .configuration(
          path: path, key: declaration.name,
          sentence: "\(block.id).\(tensor.key): \(parameter.ggufShape) cannot be cut into "
            + "\(ggufNames.count) along dimension \(dimension)")
      }
    }
    return parameter
  }

  private static func ggufShape(_ dimensions: [Int], isFlat: Bool, count: Int?) -> Shape {
    if let count { return Shape([count] + dimensions) }
    guard isFlat else { return Shape(dimensions) }
    let rest = dimensions.filter { $0 != 1 }
    return Shape([Int](repeating: 1, count: max(0, 2 - rest.count)) + rest)
  }
}

extension Parameter {
  /// The bias beside a weight.
  fileprivate func bias(isRequired: Bool) -> Parameter {
    func renamed(_ name: String) -> String {
      name.hasSuffix(".weight") ? name.dropLast("weight".count) + "bias" : name + ".bias"
    }
    let shape = Shape(Array(shape.dimensions.prefix(1)))
    var bias = Parameter(
      part: part, role: role + ".bias", layer: layer, layerCount: layerCount,
      names: names.map(renamed), mlxNames: mlxNames.map(renamed), ggufName: renamed(ggufName),
      shape: shape, isChannelsLast: false,
      expertCount: expertCount,
      ggufShape: expertCount.map { Shape([$0] + shape.dimensions) } ?? shape,
      interleavedHeads: interleavedHeads, ggufOffset: 0, isRequired: isRequired, isUsed: isUsed)
    // Only along the first dimension are there as many biases as pieces.
    if let cut, cut.dimension == 0 {
      bias.cut = GGUFCut(names: cut.names.map(renamed), dimension: 0, of: shape)
    }
    return bias
  }
}
