// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra

// Per-layer embeddings: each layer is given rows of its own, from a table of tokens and from what goes
// into the first layer.
//
// Source: Gemma 3n and Gemma 4 (transformers, behaviour).

/// Makes the rows that each layer is given.
///
/// They are `scale · (tableScale · table[token] + norm(projectionScale · projection(x)))`, the norm for
/// each layer by itself. Tokens of images have the row `imageRow` of the table.
struct LayerInputsBlock: Block {
  static let settings: Set = [
    "tableScale", "projectionScale", "scale", "imageRow", "norm", "normOffset", "epsilon",
  ]
  static let tensors: Set = ["table", "projection", "norm"]

  private let table: Weight
  private let projection: Linear
  private let norm: Norm
  private let tableScale: Float
  private let projectionScale: Float
  private let scale: Float
  private let imageRow: Int

  init(_ reader: BlockReader) throws(ModelError) {
    table = try reader.weight("table")
    projection = try reader.linear("projection")
    norm = try reader.norm()
    tableScale = Float(try reader.number("tableScale"))
    projectionScale = Float(try reader.number("projectionScale"))
    scale = Float(try reader.number("scale"))
    let row = try reader.number("imageRow")
    guard let row = Int(exactly: row), (0..<table.rows).contains(row) else {
      throw reader.error("imageRow: expected a number from 0 to \(table.rows - 1), found \(row)")
    }
    imageRow = row
    guard projection.weight.rows == table.columns, norm.weight.count > 0,
      table.columns % norm.weight.count == 0
    else {
      throw reader.error("the sizes of its tensors do not fit each other")
    }
  }

  func outputWidth(from width: Int) -> Int? {
    projection.outputWidth(from: width) == nil ? nil : width
  }

  func run(_ flow: inout Flow) throws(ModelError) {
    var result = projection(flow.hidden)
    for i in result.values.indices { result.values[i] *= projectionScale }
    result = norm(result)
    var known = [Float](repeating: 0, count: table.columns)
    for (row, token) in flow.tokens.enumerated() {
      let token = token ?? imageRow
      guard (0..<table.rows).contains(token) else {
        throw .input(
          "the token \(token) is outside the \(table.rows) that layers of the model know")
      }
      known.withUnsafeMutableBufferPointer { table.decode(rows: token..<token + 1, into: $0) }
      let start = row * table.columns
      for i in known.indices {
        result.values[start + i] = (result.values[start + i] + known[i] * tableScale) * scale
      }
    }
    flow.layerInputs = result
  }
}

/// Adds what a layer is given, gated by the rows that are there:
/// `x + postNorm(output(act(gate(x)) · input))`.
struct AddLayerInputBlock: Block {
  static let settings = Residual.settings.union(["layer", "activation"])
  static let tensors = Residual.tensors.union(["gate", "output"])

  private let residual: Residual
  private let gate: Linear
  private let output: Linear
  private let activation: Activation
  private let layer: Int

  init(_ reader: BlockReader) throws(ModelError) {
    residual = try Residual(reader)
    gate = try reader.linear("gate")
    output = try reader.linear("output")
    activation = try reader.activation()
    let number = try reader.number("layer")
    guard let layer = Int(exactly: number), (0..<Part.maximumRepetitions).contains(layer) else {
      throw reader.error("layer: expected a whole number from 0, found \(number)")
    }
    self.layer = layer
  }

  func outputWidth(from width: Int) -> Int? {
    guard residual.accepts(width), let inner = gate.outputWidth(from: width),
      output.outputWidth(from: inner) == width
    else { return nil }
    return width
  }

  func run(_ flow: inout Flow) throws(ModelError) {
    let width = gate.weight.rows
    guard let inputs = flow.layerInputs, inputs.rows == flow.hidden.rows,
      inputs.columns >= (layer + 1) * width
    else {
      throw .input(
        "the layer \(layer) is given nothing of its own; the declaration is not complete")
    }
    residual.run(&flow.hidden) { hidden in
      var gated = gate(hidden)
      activation.apply(to: &gated)
      for row in 0..<gated.rows {
        let start = row * inputs.columns + layer * width
        for i in 0..<width { gated.values[row * width + i] *= inputs.values[start + i] }
      }
      return output(gated)
    }
  }
}
