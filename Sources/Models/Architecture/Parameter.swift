// SPDX-License-Identifier: Apache-2.0

package import Checkpoints
package import Tensors

/// A tensor of a Hugging Face checkpoint in which the matrices of all experts lie.
package struct FusedExperts: Sendable, Hashable {
  let name: String
  let layout: HubLayout
}

/// A tensor that a model's architecture says it has.
package struct Parameter: Sendable, Hashable {
  package let part: PartDeclaration.Kind
  /// What the tensor is for: part, block and tensor, such as `language.attention.value`.
  ///
  /// A bias ends in `.bias`. Recipes choose by it.
  package let role: String
  /// The repetition that it belongs to, and how many of them are used; nil outside of any.
  package let layer: Int?
  package let layerCount: Int?
  /// The names in a Hugging Face checkpoint: one, or one an expert.
  package internal(set) var names: [String]
  /// Those that old checkpoints have in their place; none where there are no others.
  var formerNames: [String] = []
  /// The same in MLX's folders.
  package let mlxNames: [String]
  /// The tensor in which MLX's folders have those of all experts stacked; nil where they do not.
  package var mlxStack: String?
  /// In a GGUF; that of the first piece where ``cut`` says that there are several.
  package let ggufName: String
  /// Of one expert, where there are experts.
  package let shape: Shape
  /// Whether MLX has the channels of this convolution behind height and width.
  package let isChannelsLast: Bool
  /// Whether Hugging Face and MLX have the kernels of this convolution as the rows of a matrix,
  /// channels behind height and width.
  package var isFlattened = false
  /// The tensor in which some checkpoints of Hugging Face have those of all experts, and how.
  package var fused: FusedExperts?
  /// How many experts have one each; nil where there are none.
  package let expertCount: Int?
  /// The shape in a GGUF: experts stacked, and dimensions of 1 left out where engines want that.
  package let ggufShape: Shape
  /// The number of heads whose rows a GGUF stores in pairs; nil where rows keep their order.
  package let interleavedHeads: Int?
  /// How a Hugging Face checkpoint stores it.
  package var layout = HubLayout()
  /// How a GGUF stores it in several tensors; nil where it is one.
  package var cut: GGUFCut?
  /// The order of heads in a GGUF; nil where they keep theirs.
  package var tiling: HeadTiling?
  /// What a GGUF has in the place of each element; nil for itself.
  package var ggufForm: StoredForm?
  /// What is added to each element in a GGUF; 0 in most models.
  package let ggufOffset: Float
  /// The same in MLX's folders.
  package var mlxOffset: Float = 0
  /// Whether the checkpoint must have it.
  package let isRequired: Bool
  /// Whether what the model computes depends on it.
  package let isUsed: Bool

  /// The tensors of a GGUF that hold it: their names, and the shape of each.
  package var ggufTensors: (names: [String], shape: Shape) {
    guard let cut else { return ([ggufName], ggufShape) }
    return (cut.names, cut.pieceShape(of: ggufShape))
  }

  /// How a tensor has the channels of a convolution whose shape is the same in both orders.
  var ambiguousOrder = ChannelOrder.first

  /// How a stored tensor has the channels of a convolution: the order shows in the shape, or in
  /// those of others.
  package func channelOrder(of tensor: StoredTensor) -> ChannelOrder {
    if tensor.shape == shape { return hasAmbiguousOrder ? ambiguousOrder : .first }
    return tensor.shape == lastShape ? .last : .first
  }

  /// Whether the shape does not tell the order.
  var hasAmbiguousOrder: Bool { isChannelsLast && lastShape == shape }

  private var lastShape: Shape? {
    if isFlattened { return matrixShape }
    return isChannelsLast || shape.dimensions.count > 3
      ? ChannelOrder.last.shape(of: shape) : nil
  }

  /// Kernels as the rows of a matrix.
  private var matrixShape: Shape {
    let d = shape.dimensions
    return Shape([d.first ?? 1, d.dropFirst().reduce(1, *)])
  }

  /// The shape of a tensor of its own in a Hugging Face checkpoint, or in MLX's folders, and where
  /// that has the channels of a convolution.
  package func form(isMLX: Bool) -> (shape: Shape, channels: ChannelOrder) {
    if isFlattened { return (matrixShape, .last) }
    guard isMLX, isChannelsLast, let last = ChannelOrder.last.shape(of: shape) else {
      return (shape, .first)
    }
    return (last, .last)
  }

  /// The shapes that the tensor may have in a Hugging Face checkpoint.
  package func hubShapes(isPacked: Bool) -> (plain: Shape?, transposed: Shape?) {
    isFlattened
      ? (matrixShape, nil)
      : layout.shapes(of: shape, expertCount: expertCount, isPacked: isPacked)
  }

  /// The parameter as a tensor has it in which all experts are stacked.
  func stacked(in name: String, _ layout: HubLayout = HubLayout()) -> Parameter {
    var result = self
    result.names = [name]
    result.layout = layout
    result.layout.isStacked = true
    return result
  }

  /// The parameter as a checkpoint of safetensors has it.
  func found(in checkpoint: Checkpoint) -> Parameter {
    if let name = mlxStack, checkpoint[name] != nil { return stacked(in: name) }
    if let fused, checkpoint[fused.name] != nil { return stacked(in: fused.name, fused.layout) }
    if let former = formerNames.first, checkpoint[former] != nil {
      var result = self
      result.names = formerNames
      return result
    }
    return self
  }

  /// Whether a tensor of a Hugging Face checkpoint has inputs as rows.
  package func isTransposed(_ tensor: StoredTensor) -> Bool {
    hubShapes(isPacked: tensor.packed != nil).transposed == tensor.shape
  }

  /// For each row in Hugging Face's order, the row of a GGUF that holds it; nil if the order is
  /// the same.
  ///
  /// Hugging Face's rotation pairs element `i` of a head with element `i + width/2`, that of
  /// llama.cpp's `llama` architecture element `2i` with `2i + 1`.
  package var ggufRowOrder: [Int]? {
    if let tiling, !tiling.isOfColumns {
      return shape.dimensions.first.map(tiling.places)
    }
    guard let heads = interleavedHeads, heads > 0, let rows = shape.dimensions.first,
      rows % (2 * heads) == 0
    else { return nil }
    let width = rows / heads
    let half = width / 2
    return (0..<rows).map { row in
      let (head, element) = row.quotientAndRemainder(dividingBy: width)
      return head * width + (element % half) * 2 + element / half
    }
  }
}

extension Parameter {
  /// A tensor of a Hugging Face checkpoint as it lies there, with every parameter that shares it.
  ///
  /// - Parameters:
  ///   - tensor: The tensor.
  ///   - member: One of those that lie in it.
  package init(whole tensor: StoredTensor, with member: Parameter) {
    let dimensions = tensor.shape.dimensions
    let isStacked = member.layout.isStacked && dimensions.count > 1
    let shape = isStacked ? Shape(Array(dimensions.dropFirst())) : tensor.shape
    self.init(
      part: member.part, role: member.role, layer: member.layer, layerCount: member.layerCount,
      names: [tensor.name], mlxNames: [tensor.name], ggufName: member.ggufName, shape: shape,
      isChannelsLast: false, expertCount: isStacked ? dimensions[0] : nil, ggufShape: tensor.shape,
      interleavedHeads: nil, ggufOffset: 0, isRequired: member.isRequired, isUsed: member.isUsed)
    layout.isStacked = isStacked
  }

  /// A tensor that the model does not use.
  package init(unused name: String, shape: Shape) {
    self.init(
      part: .vision, role: "unused", layer: nil, layerCount: nil, names: [name], mlxNames: [name],
      ggufName: name, shape: shape, isChannelsLast: false, expertCount: nil, ggufShape: shape,
      interleavedHeads: nil, ggufOffset: 0, isRequired: false, isUsed: false)
  }
}
