// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra

/// A mixture of experts around a residual: `x + postNorm(experts(norm(x)))`.
///
/// There may be a feed-forward layer beside them, which all tokens share: `shared(norm(x))` is added, by
/// the share that `sharedRouter` gives it. Experts, their router and what is shared may then have norms
/// of their own.
struct ExpertsBlock: Block {
  static let settings = Residual.settings.union([
    "activation", "experts", "chosen", "renormalizes", "limit", "upOffset", "routerScale",
  ])
  static let tensors = Residual.tensors.union([
    "router", "gate", "up", "down", "gateBias", "upBias", "downBias", "sharedGate", "sharedUp",
    "sharedDown", "sharedRouter", "sharedPostNorm", "expertNorm", "expertPostNorm", "routerNorm",
    "expertGains",
  ])

  private let residual: Residual
  private let experts: Experts
  /// What goes into the experts in the place of what `norm` gives.
  private let expertNorm: Norm?
  private let expertPostNorm: Norm?
  /// What the router looks at in the place of it.
  private let routerNorm: Norm?
  private let shared: FeedForward?
  /// The share of what is shared, before a sigmoid.
  private let sharedRouter: Linear?
  private let sharedPostNorm: Norm?

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
      }, chosenCount: chosen, renormalizes: try reader.bool("renormalizes"),
      gains: try reader.valuesIfPresent("expertGains"))
    expertNorm = try reader.normIfPresent("expertNorm")
    expertPostNorm = try reader.normIfPresent("expertPostNorm")
    let scale = Float(try reader.number("routerScale", default: 1))
    routerNorm = try reader.normIfPresent("routerNorm").map { norm in
      Norm(
        kind: norm.kind, weight: norm.weight.map { ($0 + norm.offset) * scale }, bias: nil,
        epsilon: norm.epsilon)
    }
    shared =
      reader.hasTensor("sharedUp")
      ? FeedForward(
        gate: reader.hasTensor("sharedGate") ? try reader.linear("sharedGate") : nil,
        up: try reader.linear("sharedUp"), down: try reader.linear("sharedDown"),
        activation: activation) : nil
    sharedRouter = reader.hasTensor("sharedRouter") ? try reader.linear("sharedRouter") : nil
    sharedPostNorm = try reader.normIfPresent("sharedPostNorm")
    guard experts.gains?.count ?? count == count else {
      throw reader.error("expertGains: expected one for each of \(count) experts")
    }
  }

  func outputWidth(from width: Int) -> Int? {
    let norms = [expertNorm, expertPostNorm, routerNorm, sharedPostNorm]
    return residual.accepts(width)
      && norms.allSatisfy { $0.map { $0.outputWidth(from: width) == width } ?? true }
      && experts.router.outputWidth(from: width) == experts.experts.count
      && experts.experts.allSatisfy { $0.outputWidth(from: width) == width }
      && shared.map { $0.outputWidth(from: width) == width } ?? true
      && sharedRouter.map { $0.outputWidth(from: width) == 1 } ?? true ? width : nil
  }

  func run(_ flow: inout Flow) throws(ModelError) {
    residual.run(&flow.hidden) { normed, hidden in
      var result = experts(
        expertNorm.map { $0(hidden) } ?? normed, routed: routerNorm.map { $0(hidden) })
      if let expertPostNorm { result = expertPostNorm(result) }
      if let shared {
        var own = shared(normed)
        if let sharedRouter {
          var shares = sharedRouter(normed)
          Activation.sigmoid.apply(to: &shares)
          for i in own.values.indices { own.values[i] *= shares.values[i / own.columns] }
        }
        if let sharedPostNorm { own = sharedPostNorm(own) }
        result += own
      }
      return result
    }
  }
}
