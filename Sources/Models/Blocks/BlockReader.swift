// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Layers
import Notation
import Tensors

/// Gives a block its settings and its tensors.
final class BlockReader {
  let step: Part.Step
  let part: Part
  private let parameters: [BoundParameter?]
  private let state: PartReader
  private let options: ForwardPass.Options
  /// Everything that was handed out, to be given back to the system after use.
  private(set) var weights: [Weight] = []

  init(
    _ step: Part.Step, of part: Part, parameters: [BoundParameter?], state: PartReader,
    options: ForwardPass.Options
  ) {
    self.step = step
    self.part = part
    self.parameters = parameters
    self.state = state
    self.options = options
  }

  /// A place for the keys and values of an attention layer.
  func nextCacheIndex() -> Int {
    defer { state.cacheCount += 1 }
    return state.cacheCount
  }

  /// The place of an attention layer whose keys and values have a name, or are those with the name.
  ///
  /// - Throws: ``ModelError`` if no layer before has kept any of this width.
  func cacheIndex(store: String?, recalls: Bool, width: Int) throws(ModelError) -> Int {
    guard recalls else {
      let index = nextCacheIndex()
      if let store { state.stores[store] = (index, width) }
      return index
    }
    guard let kept = store.flatMap({ state.stores[$0] }), kept.width == width else {
      throw error(
        "no layer before has kept keys and values of \(width) channels as '\(store ?? "")'")
    }
    return kept.index
  }

  /// Reads the table of token embeddings, which an output may share.
  func readTable(_ key: String, scale: Float) throws(ModelError) {
    state.table = (try weight(key), try required(key).parameter)
    state.tableScale = scale
  }

  /// The table of token embeddings as an output layer.
  var tiedOutput: Linear? {
    state.table.map { linear($0.weight, of: $0.parameter) }
  }

  /// Reads what the rotary frequencies of later layers are divided by, if it is there.
  func readRopeDivisors(_ key: String) throws(ModelError) {
    state.ropeDivisors[key] = try valuesIfPresent(key).map { (divisors) throws(ModelError) in
      try checked(divisors, of: key)
    }
  }

  /// What they are divided by; nil if no tensor says so.
  func ropeDivisors(_ key: String) -> [Float]? { state.ropeDivisors[key] }

  /// Numbers by which something is divided.
  func checked(_ divisors: [Float], of key: String) throws(ModelError) -> [Float] {
    guard divisors.allSatisfy({ $0.isFinite && $0 > 0 }) else {
      throw error("\(key): expected positive numbers; get an intact copy of the file")
    }
    return divisors
  }

  func error(_ sentence: String) -> ModelError {
    .configuration(
      path: part.path, key: "\(part.declaration.name).\(step.declaration.id)", sentence: sentence)
  }

  private func bound(_ key: String) -> BoundParameter? {
    step.parameters[key].flatMap { parameters[$0] }
  }

  func hasTensor(_ key: String) -> Bool { bound(key) != nil }

  private func required(_ key: String) throws(ModelError) -> BoundParameter {
    guard let parameter = bound(key) else {
      throw .declaration(
        name: part.declaration.name,
        sentence: "the block '\(step.declaration.id)' needs the tensor '\(key)'")
    }
    return parameter
  }

  /// The dimensions of a tensor, outermost first.
  func shape(_ key: String) throws(ModelError) -> [Int] {
    try required(key).parameter.shape.dimensions
  }

  /// A tensor as a matrix of its first dimension by all others.
  func weight(_ key: String) throws(ModelError) -> Weight {
    try weights(key)[0]
  }

  /// A tensor as a matrix with rows of so many elements.
  func weight(_ key: String, columns: Int) throws(ModelError) -> Weight {
    let parameter = try required(key)
    let count = parameter.parameter.shape.elementCount ?? 0
    guard columns > 0, count % columns == 0 else {
      throw error("\(key): \(count) elements do not make rows of \(columns)")
    }
    return try matrices(of: parameter, rows: count / columns)[0]
  }

  /// One matrix an expert.
  func weights(_ key: String) throws(ModelError) -> [Weight] {
    let parameter = try required(key)
    let shape = parameter.parameter.shape.dimensions
    let isMatrix = shape.count > 1 || parameter.isReordered(for: .model)
    return try matrices(of: parameter, rows: isMatrix ? shape.first ?? 1 : 1)
  }

  private func matrices(of bound: BoundParameter, rows: Int) throws(ModelError) -> [Weight] {
    let result = try bound.matrices(rows: rows, order: .model)
    weights += result
    return result
  }

  /// All values of a small tensor, or nil if it is not there.
  func valuesIfPresent(_ key: String) throws(ModelError) -> [Float]? {
    guard let parameter = bound(key) else { return nil }
    // A vector whose order differs is a matrix of one column.
    let rows =
      parameter.isReordered(for: .model) ? parameter.parameter.shape.dimensions.first ?? 1 : 1
    return try matrices(of: parameter, rows: rows)[0].values()
  }

  func values(_ key: String) throws(ModelError) -> [Float] {
    _ = try required(key)
    return try valuesIfPresent(key) ?? []
  }

  func linear(_ key: String) throws(ModelError) -> Linear {
    linear(
      try weight(key), of: try required(key).parameter, bias: try valuesIfPresent(key + ".bias"),
      limits: try limits(of: key))
  }

  /// The linear layer whose weight is stored `[inputs, outputs]`.
  func transposedLinear(_ key: String) throws(ModelError) -> Linear {
    let stored = try weight(key)
    let turned = StoredColumns(of: stored)
    // What is seen of its inputs is of the rows of the stored tensor, not of its columns.
    return linear(
      Weight(
        source: stored.source, expander: turned, rows: stored.columns, columns: stored.rows),
      of: try required(key).parameter,
      bias: try valuesIfPresent(key + ".bias"), isObserved: false)
  }

  private func linear(
    _ weight: Weight, of parameter: Parameter, expert: Int = 0, bias: [Float]? = nil,
    limits: Linear.Limits? = nil, isObserved: Bool = true
  ) -> Linear {
    Linear(
      weight: weight, bias: bias, limits: limits,
      rounding: options.roundsActivations
        ? ActivationRounding(ofLlamaCppBeside: weight) : .none,
      observer: isObserved ? options.observers?(parameter, expert) : nil)
  }

  /// The linear layers whose rows one tensor holds, one below the other; `heights` are the rows
  /// of each.
  func linears(joint key: String, heights: [Int]) throws(ModelError) -> [Linear] {
    let parameter = try required(key).parameter
    let joint = try weight(key)
    let bias = try valuesIfPresent(key + ".bias")
    guard heights.reduce(0, +) == joint.rows else {
      throw error("\(key): expected \(heights.reduce(0, +)) rows, found \(joint.rows)")
    }
    var result: [Linear] = []
    var start = 0
    for height in heights {
      let rows = start..<start + height
      // All see the same inputs, which count once.
      result.append(
        linear(
          joint.slice(rows), of: parameter, bias: bias.map { Array($0[rows]) },
          isObserved: start == 0))
      start += height
    }
    return result
  }

  /// A linear layer an expert; another tensor may hold their biases.
  func linears(_ key: String, biases: String) throws(ModelError) -> [Linear] {
    let parameter = try required(key).parameter
    let biases = hasTensor(biases) ? try weights(biases).map { $0.values() } : []
    return try weights(key).enumerated().map { expert, weight throws(ModelError) in
      guard biases.isEmpty || biases[expert].count == weight.rows else {
        throw error("\(key): expected \(weight.rows) biases, found \(biases[expert].count)")
      }
      return linear(
        weight, of: parameter, expert: expert, bias: biases.isEmpty ? nil : biases[expert])
    }
  }

  /// A norm that need not be there.
  func normIfPresent(_ key: String) throws(ModelError) -> Norm? {
    hasTensor(key) ? try norm(key) : nil
  }

  /// The norm whose kind a setting names, or gives by a formula.
  func norm(_ key: String = "norm") throws(ModelError) -> Norm {
    let word = try word("norm")
    let isWord = Norm.Kind(rawValue: word) != nil
    let kind = isWord ? word : try text("norm")
    guard let kind = Norm.Kind(rawValue: kind) else {
      throw error("norm: expected layer or rms, found '\(kind)'")
    }
    return try norm(key, kind: kind)
  }

  func norm(_ key: String, kind: Norm.Kind) throws(ModelError) -> Norm {
    Norm(
      kind: kind, weight: try values(key), bias: try valuesIfPresent(key + ".bias"),
      epsilon: Float(try number("epsilon")),
      offset: Float(try number("normOffset", default: 0)))
  }
}
