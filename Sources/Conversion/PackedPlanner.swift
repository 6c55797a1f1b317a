// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import Checkpoints
import Models
import Notation
import Quantization
import Tensors

/// Decides for each tensor of a model what it becomes in a packed folder.
struct PackedPlanner {
  /// What is asked for.
  enum Wish {
    /// Every matrix that rules allow, in few bits.
    case quantize(PackedRecipe)
    /// What is packed stays so, with the same values where the family can; the rest as it is.
    /// `numbers`: the type that scales, and the rest, must have.
    case carry(PackedScheme.Family, numbers: Encoding?)

    var family: PackedScheme.Family {
      switch self {
      case .quantize(let recipe): recipe.family
      case .carry(let family, _): family
      }
    }
  }

  let model: Model
  let wish: Wish
  let rules: PackingRules
  /// Of weights whose own encoding says nothing.
  private let modelEncoding: Encoding

  init(_ model: Model, _ wish: Wish) throws(ConversionError) {
    self.model = model
    self.wish = wish
    rules = try convertingErrors { () throws(RecipeError) in
      try PackingRules(named: wish.family == .mlx ? "mlx" : "compressed-tensors")
    }
    modelEncoding = PackedPlanner.encoding(in: model.files.config)
  }

  /// The type that a configuration says the model has.
  private static func encoding(in config: JSON?) -> Encoding {
    for path in ["dtype", "torch_dtype", "text_config.dtype", "text_config.torch_dtype"] {
      switch config?.value(at: path)?.string {
      case "float32": return .f32
      case "float16": return .f16
      case "bfloat16": return .bf16
      default: continue
      }
    }
    return .bf16
  }

  /// All tensors of the file, packed ones first.
  func entries() throws(ConversionError) -> [ConversionPlan.Entry] {
    var packed: [ConversionPlan.Entry] = []
    var plain: [ConversionPlan.Entry] = []
    for source in model.parameters {
      let isStacked = wish.family == .mlx && source.parameter.mlxStack != nil
      for index in isStacked ? 0..<1 : source.tensors.indices {
        let entry = try entry(source, index)
        if entry.packing == nil { plain.append(entry) } else { packed.append(entry) }
      }
    }
    for kept in model.census.kept { plain.append(self.kept(kept.tensor, kept.mlxName)) }
    packed.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    plain.sort {
      let (left, right) = ($0.choice.encoding.bytesPerBlock, $1.choice.encoding.bytesPerBlock)
      return left == right
        ? $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) : left > right
    }
    return packed.flatMap(constants) + packed + plain
  }

  private func entry(
    _ source: BoundParameter, _ index: Int
  ) throws(ConversionError) -> ConversionPlan.Entry {
    let parameter = source.parameter
    let tensor = source.tensors[index]
    let isMLX = wish.family == .mlx
    let stack = isMLX ? parameter.mlxStack : nil
    let name = stack ?? (isMLX ? parameter.mlxNames[index] : parameter.names[index])
    let (form, channels) = parameter.form(isMLX: isMLX)
    // Experts are stacked in MLX as in a GGUF.
    let shape = stack == nil ? form : parameter.ggufShape
    let quantizable = model.quantizable(parameter, shape: parameter.shape)
    let reason = try convertingErrors { () throws(RecipeError) in
      try rules.reasonToKeep(quantizable, isPacked: isCarrying(tensor))
    }
    var (packing, fallback) =
      reason == nil
      ? try packing(
        of: stack == nil ? [tensor] : source.tensors, quantizable, shape: shape) : (nil, nil)
    if let made = packing, !made.isAligned(shape: shape) {
      packing = nil
      fallback =
        "\(plainEncoding(of: tensor)) instead of \(made.scheme), because its planes would leave "
        + "the next tensor unaligned"
    }
    let encoding = packing == nil ? plainEncoding(of: tensor) : packing?.numbers ?? .u8
    var entry = ConversionPlan.Entry(
      source: source, member: stack == nil ? index : nil, name: name, shape: shape,
      choice: EncodingChoice(wanted: encoding, reason: reason, shape: shape))
    entry.packing = packing
    entry.channels = channels
    entry.isForMLX = isMLX
    entry.keptReason = reason
    entry.fallback = fallback
    return entry
  }

  private func isCarrying(_ tensor: StoredTensor) -> Bool {
    if case .carry = wish { tensor.packed != nil } else { false }
  }

  /// What tensors become that lie in one, where rules do not keep them, and what they did not get:
  /// all the same, and codes are carried over if they are of each.
  private func packing(
    of tensors: [StoredTensor], _ quantizable: QuantizableTensor, shape: Shape
  ) throws(ConversionError) -> (packing: PackedEncoding?, fallback: String?) {
    var all: [(packing: PackedEncoding?, fallback: String?)] = []
    for tensor in tensors { all.append(try packing(of: tensor, quantizable, shape: shape)) }
    return all.first { $0.packing?.isCarried != true } ?? all.first { $0.packing?.numbers == .f32 }
      ?? all.first ?? (nil, nil)
  }

  /// What a tensor becomes where rules do not keep it, and what it did not get.
  private func packing(
    of tensor: StoredTensor, _ quantizable: QuantizableTensor, shape: Shape
  ) throws(ConversionError) -> (packing: PackedEncoding?, fallback: String?) {
    switch wish {
    case .quantize(let recipe):
      let target = try convertingErrors { () throws(RecipeError) in
        try recipe.target(for: quantizable)
      }
      return quantized(tensor, shape, as: target)
    case .carry(let family, let numbers):
      guard let packed = tensor.packed else { return (nil, nil) }
      switch CodeCarrier.packing(of: packed, for: family, numbers: numbers) {
      case .success(let packing):
        guard packing.numbers == .f32, numbers == nil, packed.scaleTensor.encoding != .f32 else {
          return (packing, nil)
        }
        return (
          packing,
          "F32 scales and biases instead of \(packed.scaleTensor.encoding), which does not hold "
            + "every −zero·scale, for identical values; --type \(packed.scaleTensor.encoding) "
            + "rounds them"
        )
      case .failure(let obstacle):
        guard let target = PackedPlanner.nearest(to: packed.scheme, for: family) else {
          return (nil, "expanded, because \(obstacle.sentence)")
        }
        let (packing, fallback) = quantized(tensor, shape, as: target)
        return (
          packing, fallback ?? "codes found anew, because \(obstacle.sentence)"
        )
      }
    }
  }

  /// The target most like a scheme that cannot be carried over.
  private static func nearest(
    to scheme: PackedScheme, for family: PackedScheme.Family
  ) -> PackedTarget? {
    let size = PackedTarget.groupSizes.last { scheme.groupSize % $0 == 0 } ?? 32
    let bits = scheme.grid == .integer ? scheme.bits : scheme.bits == 4 ? 4 : 8
    switch family {
    case .mlx where scheme.grid == .e2m1:
      return try? .mlx(type: scheme.groupSize == 16 ? "nvfp4" : "mxfp4")
    case .mlx: return try? .mlx(type: "\(bits)bit", groupSize: size)
    case .compressedTensors:
      guard bits > 1 else { return nil }
      return PackedTarget(
        family: family, name: "int\(bits)", grid: .integer, bits: bits, groupSize: size,
        offset: .zeroPoint)
    case .gptq, .awq, .mxfp4: return nil
    }
  }

  private func quantized(
    _ tensor: StoredTensor, _ shape: Shape, as target: PackedTarget
  ) -> (packing: PackedEncoding?, fallback: String?) {
    let plain = plainEncoding(of: tensor)
    let wanted = target.scheme(groupSize: target.groupSize)
    guard let size = target.groupSize(fitting: shape.rowLength) else {
      return (
        nil, "\(plain) instead of \(wanted), because rows of \(shape.rowLength) are no whole groups"
      )
    }
    let packing = PackedEncoding(
      scheme: target.scheme(groupSize: size), numbers: target.offset == .none ? nil : plain)
    return (
      packing,
      size == target.groupSize
        ? nil
        : "groups of \(size) instead of \(target.groupSize), because of rows of "
          + "\(shape.rowLength)"
    )
  }

  /// The scalar type of a tensor that is not packed, and of scales: the model's own.
  private func plainEncoding(of tensor: StoredTensor) -> Encoding {
    if case .carry(_, let numbers?) = wish { return numbers }
    if tensor.packed != nil { return modelEncoding }
    switch tensor.encoding {
    case .f32, .f16, .bf16: return tensor.encoding
    case .f64: return .f32
    default: return modelEncoding
    }
  }

  /// A tensor that loaders ask for although the model does not use it.
  private func kept(_ tensor: StoredTensor, _ mlxName: String) -> ConversionPlan.Entry {
    let name = wish.family == .mlx ? mlxName : tensor.name
    let parameter = Parameter(unused: name, shape: tensor.shape)
    let source = BoundParameter(
      parameter: parameter, tensors: [tensor], container: .safetensors)
    return ConversionPlan.Entry(
      source: source, member: 0, name: name, shape: tensor.shape,
      choice: EncodingChoice(
        wanted: plainEncoding(of: tensor), reason: "loaders ask for it", shape: tensor.shape))
  }

  /// The small planes of a packed weight that are known before its codes.
  private func constants(of entry: ConversionPlan.Entry) -> [ConversionPlan.Entry] {
    guard let packing = entry.packing, packing.scheme.family == .compressedTensors else {
      return []
    }
    let bytes = entry.shape.dimensions.flatMap { dimension in
      withUnsafeBytes(of: Int64(dimension).littleEndian) { Array($0) }
    }
    let shape = Shape([entry.shape.dimensions.count])
    var constant = ConversionPlan.Entry(
      source: entry.source, member: entry.member,
      name: PackedEncoding.module(of: entry.name) + ".weight_shape", shape: shape,
      choice: EncodingChoice(wanted: .i64, reason: nil, shape: shape))
    constant.constant = bytes
    return [constant]
  }
}
