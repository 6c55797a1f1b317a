// SPDX-License-Identifier: Apache-2.0

import Notation

/// A step of a part: a block, or steps that are repeated.
enum StepDeclaration: Sendable {
  case block(BlockDeclaration)
  case repetition(RepetitionDeclaration)

  static func list(_ reader: DeclarationReader) throws(ModelError) -> [StepDeclaration] {
    var steps: [StepDeclaration] = []
    for element in try reader.elements() {
      if element["repeat"] != nil {
        steps.append(.repetition(try RepetitionDeclaration(element)))
      } else {
        steps.append(.block(try BlockDeclaration(element)))
      }
    }
    return steps
  }
}

/// How an intermediate result is written by `trace`.
struct TraceDeclaration: Sendable {
  /// The order of the values of one image.
  enum Layout: String, Sendable {
    /// `[tokens, channels]`
    case rows
    /// `[channels, height, width]`
    case channelsFirst
  }

  let name: NameTemplate
  let layout: Layout

  /// From the members `trace` and `layout`, if `trace` is there.
  init?(in reader: DeclarationReader) throws(ModelError) {
    guard let trace = reader["trace"] else { return nil }
    name = try NameTemplate(trace)
    guard let member = reader["layout"] else {
      layout = .rows
      return
    }
    guard let layout = Layout(rawValue: try member.string()) else {
      throw member.error("expected rows or channelsFirst")
    }
    self.layout = layout
  }
}

/// One block of computation, its settings and its tensors.
struct BlockDeclaration: Sendable {
  /// The kind of block: a file in `Models/Blocks`.
  let block: String
  /// The block's name in roles; the kind unless `id` says otherwise.
  let id: String
  let condition: Expression?
  let trace: TraceDeclaration?
  /// All members, for the block to read its settings from.
  let settings: DeclarationReader
  let tensors: [TensorDeclaration]

  init(_ reader: DeclarationReader) throws(ModelError) {
    block = try reader.member("block").string()
    guard let kind = BlockRegistry.kinds[block] else {
      throw reader.error(
        "there is no block '\(block)'; known are \(BlockRegistry.kinds.keys.sorted().joined(separator: ", "))"
      )
    }
    try reader.allow(
      kind.settings.union(["block", "id", "when", "trace", "layout", "tensors"]))
    id = try reader["id"]?.string() ?? block
    condition = try reader["when"]?.expression()
    trace = try TraceDeclaration(in: reader)
    settings = reader
    var tensors: [TensorDeclaration] = []
    for (key, value) in try reader["tensors"]?.members() ?? [] {
      guard kind.tensors.contains(key) else {
        throw value.error(
          "the block '\(block)' has no such tensor; it has \(kind.tensors.sorted().joined(separator: ", "))"
        )
      }
      tensors.append(try TensorDeclaration(value, key: key))
    }
    self.tensors = tensors
  }
}

/// Steps that are repeated, with `layer` and `index` counting from 0.
struct RepetitionDeclaration: Sendable {
  let count: Expression
  /// How many repetitions the next part sees; the others are only traced.
  let used: Expression?
  /// What comes before the names of the tensors inside.
  let name: NameTemplate
  let ggufName: NameTemplate
  /// Traced after each repetition.
  let trace: TraceDeclaration?
  /// Traced after the last one.
  let finalTrace: TraceDeclaration?
  let steps: [StepDeclaration]

  init(_ reader: DeclarationReader) throws(ModelError) {
    try reader.allow(["repeat", "used", "id", "name", "gguf", "trace", "layout", "after", "steps"])
    count = try reader.member("repeat").expression()
    used = try reader["used"]?.expression()
    name = try NameTemplate(reader.member("name"))
    ggufName = try NameTemplate(reader.member("gguf"))
    trace = try TraceDeclaration(in: reader)
    finalTrace = try reader["after"].flatMap { (after) throws(ModelError) in
      try TraceDeclaration(in: after)
    }
    steps = try StepDeclaration.list(reader.member("steps"))
  }
}

/// A tensor of a block: its names, its shape, and how containers store it.
struct TensorDeclaration: Sendable {
  /// Whether there is a bias beside a weight.
  enum Bias: Sendable {
    case required, optional
    /// Required where the formula is true, and not there otherwise.
    case when(Expression)
  }

  /// The block's name for it.
  let key: String
  let name: NameTemplate
  /// One, or those of the pieces into which GGUF cuts it.
  let ggufNames: [NameTemplate]
  /// The whole name of the tensor in which MLX stacks those of all experts; nil where it does not.
  let mlxStack: NameTemplate?
  /// The dimension along which GGUF cuts it.
  let cut: Int?
  let shape: [Expression]
  let bias: Bias?
  /// Whether names have no `.weight` at their end.
  let isBare: Bool
  /// Whether GGUF stores it without its dimensions of 1.
  let isFlat: Bool
  /// The number of experts that each have one: apart in Hugging Face, stacked in GGUF.
  let each: Expression?
  /// The name and the layout of a tensor in which some checkpoints have those of all experts.
  let fused: (name: NameTemplate, layout: HubLayout)?
  /// How Hugging Face stores it, if not as a matrix of its own.
  let layout: HubLayout
  /// The number of heads whose rows GGUF stores in pairs for its rotation.
  let interleavedHeads: Expression?
  /// What GGUF adds to each element.
  let ggufOffset: Float
  /// Whether MLX has the channels of this convolution behind height and width.
  let isChannelsLast: Bool
  /// Whether Hugging Face and MLX have the kernels of this convolution as the rows of a matrix.
  let isFlattened: Bool
  /// Whether there are bounds beside it of what goes in and out.
  let hasLimits: Expression?
  /// What MLX's folders add to each element.
  let mlxOffset: Float
  /// What GGUF has in the place of each element.
  let ggufForm: StoredForm?
  /// The order of heads in GGUF.
  let tiling: HeadTilingDeclaration?
  /// Whether a checkpoint may lack it.
  let isOptional: Bool
  let condition: Expression?

  init(_ reader: DeclarationReader, key: String) throws(ModelError) {
    try reader.allow([
      "name", "gguf", "shape", "bias", "bare", "flat", "each", "interleavedHeads", "ggufOffset",
      "channelsLast", "optional", "when", "stacked", "alternating", "transposed",
      "joined", "mlx", "cut", "flattened", "mlxOffset", "ggufForm", "tiledHeads", "fused", "limits",
    ])
    self.key = key
    name = try NameTemplate(reader.member("name"))
    ggufNames = try TensorDeclaration.ggufNames(reader)
    mlxStack = try reader["mlx"].map { (name) throws(ModelError) in try NameTemplate(name) }
    cut = try TensorDeclaration.cut(reader, of: ggufNames.count)
    var shape: [Expression] = []
    for dimension in try reader.member("shape").elements() {
      shape.append(try dimension.expression())
    }
    self.shape = shape
    if let bias = reader["bias"] {
      switch bias.json.string {
      case "required": self.bias = .required
      case "optional": self.bias = .optional
      default: self.bias = .when(try bias.expression())
      }
    } else {
      bias = nil
    }
    isBare = try reader["bare"]?.bool() ?? false
    isFlat = try reader["flat"]?.bool() ?? false
    each = try reader["each"]?.expression()
    layout = try HubLayout(reader)
    fused = try reader["fused"].map { (fused) throws(ModelError) in
      try fused.allow(["name", "joined", "transposed"])
      return (try NameTemplate(fused.member("name")), try HubLayout(fused))
    }
    guard fused == nil || each != nil else { throw reader.error("expected 'each' beside 'fused'") }
    interleavedHeads = try reader["interleavedHeads"]?.expression()
    ggufOffset = Float(try reader["ggufOffset"]?.number() ?? 0)
    hasLimits = try reader["limits"]?.expression()
    isChannelsLast = try reader["channelsLast"]?.bool() ?? false
    isFlattened = try reader["flattened"]?.bool() ?? false
    mlxOffset = Float(try reader["mlxOffset"]?.number() ?? 0)
    ggufForm = try reader["ggufForm"].map { (name) throws(ModelError) in
      guard let form = StoredForm(rawValue: try name.string()) else {
        throw name.error(
          "expected one of \(StoredForm.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      return form
    }
    tiling = try reader["tiledHeads"].map { (tiling) throws(ModelError) in
      try HeadTilingDeclaration(tiling)
    }
    isOptional = try reader["optional"]?.bool() ?? false
    condition = try reader["when"]?.expression()
  }

  private static func ggufNames(
    _ reader: DeclarationReader
  ) throws(ModelError) -> [NameTemplate] {
    let names = try reader.member("gguf")
    guard names.json.array != nil else { return [try NameTemplate(names)] }
    var templates: [NameTemplate] = []
    for name in try names.elements() { templates.append(try NameTemplate(name)) }
    return templates
  }

  /// Checks the members of a tensor that GGUF has in pieces.
  private static func cut(_ reader: DeclarationReader, of count: Int) throws(ModelError) -> Int? {
    guard let member = reader["cut"] else {
      guard count == 1 else { throw reader.error("expected 'cut' beside several names in 'gguf'") }
      return nil
    }
    guard let cut = Int(exactly: try member.number()), cut >= 0, (2...16).contains(count) else {
      throw member.error("expected a dimension from 0, and 2 to 16 names in 'gguf'")
    }
    for other in ["each", "interleavedHeads", "flat", "tiledHeads", "limits"]
    where reader[other] != nil {
      throw member.error("what is cut cannot be '\(other)' as well")
    }
    return cut
  }
}
