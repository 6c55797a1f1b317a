// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra

/// Attention around a residual: `x + attention(norm(x))`.
struct AttentionBlock: Block {
  static let settings: Set = [
    "norm", "epsilon", "heads", "keyValueHeads", "headDimension", "mask", "window", "rope",
  ]
  static let tensors: Set = [
    "norm", "query", "key", "value", "output", "queryNorm", "keyNorm",
  ]

  private let norm: Norm
  private let attention: Attention
  private let cacheIndex: Int

  init(_ reader: BlockReader) throws(ModelError) {
    let heads = try reader.count("heads")
    let keyValueHeads = try reader.count("keyValueHeads")
    let width = try reader.count("headDimension")
    guard heads % keyValueHeads == 0 else {
      throw reader.error("\(heads) heads are no multiple of \(keyValueHeads) key and value heads")
    }
    let query = try reader.linear("query")
    let key = try reader.linear("key")
    guard query.weight.rows == heads * width, key.weight.rows == keyValueHeads * width else {
      throw reader.error("\(heads) heads of \(width) do not make \(query.weight.rows) channels")
    }
    norm = try reader.norm()
    attention = Attention(
      query: query, key: key, value: try reader.linear("value"),
      output: try reader.linear("output"),
      queryNorm: reader.hasTensor("queryNorm") ? try reader.norm("queryNorm") : nil,
      keyNorm: reader.hasTensor("keyNorm") ? try reader.norm("keyNorm") : nil, headCount: heads,
      keyValueHeadCount: keyValueHeads, headDimension: width,
      rotary: try AttentionBlock.rotary(reader, width: width),
      mask: try AttentionBlock.mask(reader))
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

  private static func rotary(
    _ reader: BlockReader, width: Int
  ) throws(ModelError) -> RotaryEmbedding? {
    guard reader.has("rope") else { return nil }
    guard width % 2 == 0 else {
      throw reader.error("rotation needs heads of an even width, found \(width)")
    }
    func number(_ key: String) throws(ModelError) -> Double { try reader.number(key, in: "rope") }
    let scaling: RotaryEmbedding.Scaling
    switch try reader.text("scaling", in: "rope") {
    case "default", "none": scaling = .none
    case "linear": scaling = .linear(factor: try number("factor"))
    case "llama3":
      scaling = .llama3(
        factor: try number("factor"), lowFactor: try number("lowFactor"),
        highFactor: try number("highFactor"), originalContext: try number("originalContext"))
    case let other:
      throw reader.error(
        "the rope scaling '\(other)' is not known; known are default, linear, llama3")
    }
    return RotaryEmbedding(width: width, base: try number("base"), scaling: scaling)
  }

  func outputWidth(from width: Int) -> Int? {
    let keys = attention.keyValueHeadCount * attention.headDimension
    guard norm.outputWidth(from: width) == width,
      attention.query.outputWidth(from: width) != nil,
      attention.key.outputWidth(from: width) == keys,
      attention.value.outputWidth(from: width) == keys,
      attention.queryNorm.map({ $0.weight.count == attention.headDimension }) ?? true,
      attention.keyNorm.map({ $0.weight.count == attention.headDimension }) ?? true,
      attention.output.outputWidth(from: attention.query.weight.rows) == width
    else { return nil }
    return width
  }

  func run(_ flow: inout Flow) throws(ModelError) {
    let normalized = norm(flow.hidden)
    if flow.caches.isEmpty {
      var none: KeyValueCache?
      flow.hidden += attention(normalized, batch: flow.batch, cache: &none)
    } else {
      flow.hidden += attention(normalized, batch: flow.batch, cache: &flow.caches[cacheIndex])
    }
  }
}
