// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra

/// A mixture of experts around a residual: `x + postNorm(experts(norm(x)))`.
struct ExpertsBlock: Block {
  static let settings = Residual.settings.union([
    "activation", "experts", "chosen", "renormalizes", "limit", "upOffset",
  ])
  static let tensors = Residual.tensors.union([
    "router", "gate", "up", "down", "gateBias", "upBias", "downBias",
  ])

  private let residual: Residual
  private let experts: Experts

  init(_ reader: BlockReader) throws(ModelError) {
    let count = try reader.count("experts")
    let chosen = try reader.count("chosen")
    guard chosen <= count else {
      throw reader.error("\(chosen) of \(count) experts cannot be chosen")
    }
    let activation = try reader.activation()
    let gates = reader.hasTensor("gate") ? try reader.linears("gate", biases: "gateBias") : []
    let downs = try reader.linears("down", biases: "downBias")
    let ups = try reader.linears("up", biases: "upBias")
    let limit = Float(try reader.number("limit", default: 0))
    let upOffset = Float(try reader.number("upOffset", default: 0))
    residual = try Residual(reader)
    experts = Experts(
      router: try reader.linear("router"),
      experts: ups.indices.map {
        FeedForward(
          gate: gates.isEmpty ? nil : gates[$0], up: ups[$0], down: downs[$0],
          activation: activation, limit: limit > 0 ? limit : nil, upOffset: upOffset)
      }, chosenCount: chosen, renormalizes: try reader.bool("renormalizes"))
  }

  func outputWidth(from width: Int) -> Int? {
    residual.accepts(width)
      && experts.router.outputWidth(from: width) == experts.experts.count
      && experts.experts.allSatisfy { $0.outputWidth(from: width) == width } ? width : nil
  }

  func run(_ flow: inout Flow) throws(ModelError) {
    residual.run(&flow.hidden) { experts($0) }
  }
}
