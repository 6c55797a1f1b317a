// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra

/// Attention around a residual: `x + postNorm(attention(norm(x)))`.
struct AttentionBlock: Block {
  static let settings = Residual.settings.union([
    "heads", "keyValueHeads", "headDimension", "mask", "window", "rope", "scale", "softCap",
  ])
  static let tensors = Residual.tensors.union([
    "query", "key", "value", "queryKeyValue", "output", "queryNorm", "keyNorm", "sinks",
  ])

  private let residual: Residual
  private let attention: Attention
  private let cacheIndex: Int

  init(_ reader: BlockReader) throws(ModelError) {
    let heads = try reader.count("heads")
    let keyValueHeads = try reader.count("keyValueHeads")
    let width = try reader.count("headDimension")
    guard heads % keyValueHeads == 0 else {
      throw reader.error("\(heads) heads are no multiple of \(keyValueHeads) key and value heads")
    }
    let projections: [Linear]
    if reader.hasTensor("queryKeyValue") {
      projections = try reader.linears(
        joint: "queryKeyValue",
        heights: [heads * width, keyValueHeads * width, keyValueHeads * width])
    } else {
      projections = [
        try reader.linear("query"), try reader.linear("key"), try reader.linear("value"),
      ]
    }
    let (query, key) = (projections[0], projections[1])
    guard query.weight.rows == heads * width, key.weight.rows == keyValueHeads * width else {
      throw reader.error("\(heads) heads of \(width) do not make \(query.weight.rows) channels")
    }
    residual = try Residual(reader)
    attention = Attention(
      query: query, key: key, value: projections[2], output: try reader.linear("output"),
      queryNorm: try reader.normIfPresent("queryNorm"),
      keyNorm: try reader.normIfPresent("keyNorm"), headCount: heads,
      keyValueHeadCount: keyValueHeads, headDimension: width,
      rotary: try AttentionBlock.rotary(reader, width: width),
      mask: try AttentionBlock.mask(reader),
      scale: reader.has("scale") ? Float(try reader.number("scale")) : nil,
      softCap: try reader.softCap("softCap"), sinks: try reader.valuesIfPresent("sinks"))
    guard attention.sinks?.count ?? heads == heads else {
      throw reader.error("sinks: expected one for each of \(heads) heads")
    }
    cacheIndex = reader.nextCacheIndex()
  }

  private static func mask(_ reader: BlockReader) throws(ModelError) -> Attention.Mask {
    switch try reader.word("mask") {
    case "all": return .all
    case "causal":
      let window = reader.has("window") ? try reader.number("window") : 0
      return .causal(window: window > 0 ? Int(exactly: window) : nil)
    case let other: throw reader.error("mask: expected all or causal, found '\(other)'")
    }
  }

  private static let ropeSettings: Set = [
    "when", "dimension", "base", "scaling", "factor", "lowFactor", "highFactor", "fastTurns",
    "slowTurns", "originalContext", "truncates",
  ]

  /// The rotation that the settings name; nil without one.
  static func rotary(
    _ reader: BlockReader, width: Int
  ) throws(ModelError) -> RotaryEmbedding? {
    guard try reader.members(of: "rope", among: ropeSettings) else { return nil }
    if reader.has("when", in: "rope"), try !reader.bool("when", in: "rope") { return nil }
    func number(_ key: String) throws(ModelError) -> Double { try reader.number(key, in: "rope") }
    var turning = width
    if reader.has("dimension", in: "rope") {
      let number = try number("dimension")
      guard let dimension = Int(exactly: number), (1...width).contains(dimension) else {
        throw reader.error(
          "rope.dimension: expected a whole number from 1 to the head's \(width), found \(number)")
      }
      turning = dimension
    }
    guard turning % 2 == 0 else {
      throw reader.error("rotation turns an even number of elements, found \(turning)")
    }
    let scaling: RotaryEmbedding.Scaling
    switch try reader.text("scaling", in: "rope") {
    case "default", "none":
      scaling = reader.ropeDivisors.map { .divided(by: $0) } ?? .none
    case "linear": scaling = .linear(factor: try number("factor"))
    case "llama3":
      scaling = .llama3(
        factor: try number("factor"), lowFactor: try number("lowFactor"),
        highFactor: try number("highFactor"), originalContext: try number("originalContext"))
    case "yarn":
      scaling = .yarn(
        factor: try number("factor"), fastTurns: try number("fastTurns"),
        slowTurns: try number("slowTurns"), originalContext: try number("originalContext"),
        truncates: reader.has("truncates", in: "rope")
          ? try reader.bool("truncates", in: "rope") : true)
    case let other:
      throw reader.error(
        "the rope scaling '\(other)' is not known; known are default, linear, llama3, yarn")
    }
    return RotaryEmbedding(width: turning, base: try number("base"), scaling: scaling)
  }

  func outputWidth(from width: Int) -> Int? {
    let keys = attention.keyValueHeadCount * attention.headDimension
    guard residual.accepts(width),
      attention.query.outputWidth(from: width) != nil,
      attention.key.outputWidth(from: width) == keys,
      attention.value.outputWidth(from: width) == keys,
      fits(attention.queryNorm, attention.query.weight.rows), fits(attention.keyNorm, keys),
      attention.output.outputWidth(from: attention.query.weight.rows) == width
    else { return nil }
    return width
  }

  /// Whether a norm is of one head, or of all heads together.
  private func fits(_ norm: Norm?, _ channels: Int) -> Bool {
    norm.map { [attention.headDimension, channels].contains($0.weight.count) } ?? true
  }

  func run(_ flow: inout Flow) throws(ModelError) {
    let batch = flow.batch
    if flow.caches.isEmpty {
      var none: KeyValueCache?
      residual.run(&flow.hidden) { attention($0, batch: batch, cache: &none) }
    } else {
      residual.run(&flow.hidden) {
        attention($0, batch: batch, cache: &flow.caches[cacheIndex])
      }
    }
  }
}
