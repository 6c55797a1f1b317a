// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra
package import Tensors

/// Receives intermediate results: name, shape, values.
package typealias TraceSink = (String, Shape, [Float]) -> Void

/// Which of a model's blocks one is.
package struct BlockPlace: Sendable, Hashable {
  package let part: PartDeclaration.Kind
  /// Its place among the blocks of the part.
  package let index: Int
  /// Its name in the declaration, such as `attention`.
  package let name: String
  /// The repetition that it belongs to; nil outside of any.
  package let layer: Int?

  package init(part: PartDeclaration.Kind, index: Int, name: String, layer: Int?) {
    self.part = part
    self.index = index
    self.name = name
    self.layer = layer
  }
}

/// The blocks of a part, ready to run.
struct PartRunner: Sendable {
  private struct Step: Sendable {
    let place: BlockPlace
    let block: any Block
    let weights: [Weight]
    let traces: [Part.Step.Trace]
    let isUsed: Bool
  }

  private let steps: [Step]
  /// How many attention layers there are.
  let cacheCount: Int
  /// The table of token embeddings of a language part.
  let table: Weight?
  /// What embeddings of tokens are multiplied with.
  let tableScale: Float
  /// How wide the rows are that come out.
  let outputWidth: Int
  /// Whether tokens of texts stand in several directions.
  let usesPlaces: Bool
  /// Whether tokens of a prompt see all of it.
  let seesWholePrompts: Bool
  /// How many levels images bring to the layers.
  let levelCount: Int

  /// Reads the small tensors and takes note of where the others lie.
  ///
  /// - Parameters:
  ///   - part: The declared steps.
  ///   - parameters: Their tensors.
  ///   - inputWidth: How wide the rows are that go in; nil for images.
  ///   - options: What is done beside the computation.
  /// - Throws: ``ModelError`` if tensors do not fit each other.
  init(
    _ part: Part, parameters: [BoundParameter?], inputWidth: Int?,
    options: ForwardPass.Options
  ) throws(ModelError) {
    let state = PartReader()
    var steps: [Step] = []
    var width = inputWidth ?? 0
    for step in part.steps {
      guard let kind = BlockRegistry.kinds[step.declaration.block] else { continue }
      let reader = BlockReader(
        step, of: part, parameters: parameters, state: state, options: options)
      let block = try kind.init(reader)
      if part.kind == .language, let table = state.table, steps.isEmpty {
        width = table.weight.columns
      }
      guard let next = block.outputWidth(from: width) else {
        throw reader.error(
          "the sizes of its tensors do not fit each other, or the \(width) channels that come in")
      }
      width = next
      steps.append(
        Step(
          place: BlockPlace(
            part: part.kind, index: steps.count, name: step.declaration.id, layer: step.layer),
          block: block, weights: reader.weights, traces: step.traces, isUsed: step.isUsed))
    }
    self.steps = steps
    cacheCount = state.cacheCount
    table = state.table?.weight
    tableScale = state.tableScale
    outputWidth = width
    seesWholePrompts = steps.contains {
      ($0.block as? AttentionBlock)?.seesWholePrompts ?? false
    }
    levelCount = steps.compactMap { ($0.block as? AddLevelBlock)?.level }.max().map { $0 + 1 } ?? 0
    usesPlaces = steps.contains { ($0.block as? AttentionBlock)?.usesPlaces ?? false }
  }

  /// Runs all steps that count; with a trace, also those that do not.
  func run(_ flow: inout Flow, trace: TraceSink?) throws(ModelError) {
    var result: Flow?
    for step in steps {
      if !step.isUsed {
        guard trace != nil else { continue }
        if result == nil { result = flow }
      } else if let kept = result {
        flow = kept
        result = nil
      }
      try step.block.run(&flow)
      if let trace {
        for entry in step.traces { emit(flow, entry, to: trace) }
      }
      if !flow.keepsWeights {
        for weight in step.weights { weight.source.release() }
      }
    }
    if let result { flow = result }
  }

  /// The blocks that count, in their order.
  var places: [BlockPlace] { steps.filter(\.isUsed).map(\.place) }

  /// Runs one of the blocks that count.
  func run(block index: Int, on flow: inout Flow) throws(ModelError) {
    let step = steps.filter(\.isUsed)[index]
    try step.block.run(&flow)
    for weight in step.weights { weight.source.release() }
  }

  private func emit(_ flow: Flow, _ entry: Part.Step.Trace, to trace: TraceSink) {
    let hidden = flow.hidden
    switch entry.layout {
    case .rows: trace(entry.name, [hidden.rows, hidden.columns], hidden.values)
    case .channelsFirst:
      guard flow.grids.count == 1, let grid = flow.grids.first, grid.count == hidden.rows else {
        trace(entry.name, [hidden.rows, hidden.columns], hidden.values)
        return
      }
      trace(
        entry.name, [hidden.columns, grid.rows, grid.columns], hidden.transposed().values)
    }
  }
}
