// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra

/// Attention around a residual: `x + postNorm(attention(norm(x)))`.
struct AttentionBlock: Block {
  static let settings = Residual.settings.union([
    "heads", "keyValueHeads", "headDimension", "mask", "window", "wholeImages", "wholePrompt",
    "windowSide", "rope", "scale", "softCap", "growth", "growthLength", "gated",
    "normsValues", "store", "recalls",
  ])
  static let tensors = Residual.tensors.union([
    "query", "key", "value", "queryKeyValue", "output", "queryNorm", "keyNorm", "sinks",
  ])

  private let residual: Residual
  private let attention: Attention
  private let cacheIndex: Int
  /// The name under which keys and values are kept for later layers; nil where none asks for them.
  private let store: String?
  /// Whether they are what an earlier layer has kept under that name.
  private let recalls: Bool
  /// Whether a token of an image sees all of it, also under a causal mask.
  private let seesWholeImages: Bool
  /// Whether a token of a prompt sees all of it, whatever the mask and the window.
  let seesWholePrompts: Bool
  /// The side of the square windows within which patches see each other; nil for all of the image.
  private let windowSide: Int?

  init(_ reader: BlockReader) throws(ModelError) {
    let heads = try reader.count("heads")
    let keyValueHeads = try reader.count("keyValueHeads")
    let width = try reader.count("headDimension")
    guard heads % keyValueHeads == 0 else {
      throw reader.error("\(heads) heads are no multiple of \(keyValueHeads) key and value heads")
    }
    let isGated = reader.has("gated") ? try reader.bool("gated") : false
    let name = reader.has("store") ? try reader.text("store") : ""
    store = name.isEmpty ? nil : name
    recalls = reader.has("recalls") ? try reader.bool("recalls") : false
    let projections: [Linear?]
    if reader.hasTensor("queryKeyValue") {
      projections = try reader.linears(
        joint: "queryKeyValue",
        heights: [heads * width, keyValueHeads * width, keyValueHeads * width])
    } else if recalls {
      projections = [try reader.linear("query"), nil, nil]
    } else {
      projections = [
        try reader.linear("query"), try reader.linear("key"),
        reader.hasTensor("value") ? try reader.linear("value") : nil,
      ]
    }
    guard let query = projections[0] else { throw reader.error("there are no queries") }
    guard query.weight.rows == heads * width * (isGated ? 2 : 1),
      projections[1].map({ $0.weight.rows == keyValueHeads * width }) ?? true
    else {
      throw reader.error("\(heads) heads of \(width) do not make \(query.weight.rows) channels")
    }
    residual = try Residual(reader)
    attention = Attention(
      query: query, key: projections[1], value: projections[2], output: try reader.linear("output"),
      queryNorm: try reader.normIfPresent("queryNorm"),
      keyNorm: try reader.normIfPresent("keyNorm"),
      valueNorm: try AttentionBlock.valueNorm(reader, width: width), headCount: heads,
      keyValueHeadCount: keyValueHeads, headDimension: width,
      rotary: try AttentionBlock.rotary(reader, width: width),
      mask: try AttentionBlock.mask(reader),
      scale: reader.has("scale") ? Float(try reader.number("scale")) : nil,
      softCap: try reader.softCap("softCap"), sinks: try reader.valuesIfPresent("sinks"),
      growth: reader.has("growth")
        ? Attention.Growth(
          rate: try reader.number("growth"), length: try reader.count("growthLength")) : nil,
      isGated: isGated)
    guard attention.sinks?.count ?? heads == heads else {
      throw reader.error("sinks: expected one for each of \(heads) heads")
    }
    cacheIndex = try reader.cacheIndex(
      store: store, recalls: recalls, width: keyValueHeads * width)
    seesWholeImages = reader.has("wholeImages") ? try reader.bool("wholeImages") : false
    seesWholePrompts = reader.has("wholePrompt") ? try reader.bool("wholePrompt") : false
    let side = try reader.number("windowSide", default: 0)
    guard let side = Int(exactly: side), (0...1 << 20).contains(side) else {
      throw reader.error("windowSide: expected a whole number of patches, found \(side)")
    }
    windowSide = side > 0 ? side : nil
  }

  /// The norm of values, which has no weight; nil without one.
  private static func valueNorm(
    _ reader: BlockReader, width: Int
  ) throws(ModelError) -> Norm? {
    guard reader.has("normsValues"), try reader.bool("normsValues") else { return nil }
    return Norm(
      kind: .rootMeanSquare, weight: [Float](repeating: 1, count: width), bias: nil,
      epsilon: Float(try reader.number("epsilon")))
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
    "slowTurns", "originalContext", "truncates", "axes", "takesTurns", "divisors", "longDivisors",
    "stretch", "share",
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
      scaling = reader.ropeDivisors("divisors").map { .divided(by: $0) } ?? .none
    case "plain": scaling = .none
    case "proportional":
      scaling =
        try reader.ropeDivisors("divisors").map { .divided(by: $0) }
        ?? .proportional(share: try number("share"), factor: try number("factor"))
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
    case "longrope":
      func divisors(_ key: String) throws(ModelError) -> [Float] {
        if let divisors = reader.ropeDivisors(key) { return divisors }
        let numbers = try reader.numbers(key, in: "rope", count: turning / 2)
        return try reader.checked(numbers.map { Float($0) }, of: key)
      }
      scaling = .longrope(
        short: try divisors("divisors"), long: try divisors("longDivisors"),
        originalContext: Int(clamping: Int64(exactly: try number("originalContext")) ?? .max))
    case let other:
      throw reader.error(
        "the rope scaling '\(other)' is not known; known are default, linear, llama3, yarn, longrope, "
          + "proportional"
      )
    }
    return RotaryEmbedding(
      width: turning, base: try number("base"), scaling: scaling,
      axes: try axes(reader, pairs: turning / 2),
      stretch: reader.has("stretch", in: "rope") ? try number("stretch") : nil)
  }

  private static func axes(
    _ reader: BlockReader, pairs: Int
  ) throws(ModelError) -> RotaryEmbedding.Axes {
    guard reader.has("axes", in: "rope") else { return .line }
    if let sections = try reader.numbers("axes", in: "rope") {
      let counts = sections.compactMap { Int(exactly: $0) }.filter { (0...pairs).contains($0) }
      guard counts.count == sections.count, counts.reduce(0, +) == pairs else {
        throw reader.error(
          "rope.axes: expected numbers of pairs with the sum \(pairs), found \(sections)")
      }
      let takesTurns =
        reader.has("takesTurns", in: "rope") ? try reader.bool("takesTurns", in: "rope") : false
      return takesTurns ? .turns(counts) : .sections(counts)
    }
    switch try reader.word("axes", in: "rope") {
    case "halves" where pairs % 2 == 0: return .halves
    case "separate" where pairs % 2 == 0: return .separate
    case "alternating" where pairs % 2 == 0: return .alternating
    case "halves", "alternating", "separate":
      throw reader.error("rope.axes: \(pairs) pairs do not divide into two directions")
    case let other:
      throw reader.error(
        "rope.axes: expected halves, alternating, separate or a list of formulas, found '\(other)'")
    }
  }

  func outputWidth(from width: Int) -> Int? {
    let keys = attention.keyValueHeadCount * attention.headDimension
    let queries = attention.headCount * attention.headDimension
    guard residual.accepts(width),
      attention.query.outputWidth(from: width) != nil,
      attention.key.map({ $0.outputWidth(from: width) == keys }) ?? true,
      attention.value.map({ $0.outputWidth(from: width) == keys }) ?? true,
      fits(attention.queryNorm, queries), fits(attention.keyNorm, keys),
      attention.output.outputWidth(from: queries) == width
    else { return nil }
    return width
  }

  /// Whether a norm is of one head, or of all heads together.
  private func fits(_ norm: Norm?, _ channels: Int) -> Bool {
    norm.map { [attention.headDimension, channels].contains($0.weight.count) } ?? true
  }

  /// Whether tokens of texts stand in several directions.
  var usesPlaces: Bool { attention.rotary.map { $0.axes.contains { $0 > 0 } } ?? false }

  func run(_ flow: inout Flow) throws(ModelError) {
    if let windowSide {
      try run(&flow, windowSide: windowSide)
      return
    }
    let batch = flow.batch
    let positions = attention.rotary == nil ? nil : flow.places
    let reaches = seesWholePrompts ? flow.promptReaches : seesWholeImages ? flow.reaches : nil
    var memory = recalls ? store.flatMap { flow.memories[$0] } : nil
    var cache = flow.takeCache(at: cacheIndex)
    residual.run(&flow.hidden) { hidden in
      let own = memory ?? attention.memory(of: hidden, batch: batch, positions: positions)
      if memory == nil { cache?.append(own, of: batch) }
      memory = own
      return attention(
        hidden, in: own, batch: batch, positions: positions, reaches: reaches,
        reachesBack: seesWholePrompts, cache: cache)
    }
    flow.putCache(cache, at: cacheIndex)
    if let store { flow.memories[store] = memory }
  }

  /// Attention within square windows of each image.
  private func run(_ flow: inout Flow, windowSide: Int) throws(ModelError) {
    let order = WindowOrder(of: try flow.checkedGrids(), side: windowSide)
    let positions = flow.places?.map { axis in order.rows.map { axis[$0] } }
    residual.run(&flow.hidden) { hidden in
      var none: KeyValueCache?
      return attention(
        hidden.gathered(order.rows), batch: Batch(lengths: order.lengths), positions: positions,
        cache: &none
      ).gathered(order.inverse)
    }
  }
}
