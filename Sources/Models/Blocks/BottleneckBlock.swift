// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra

/// A convolutional bottleneck with squeeze and excitation on the patches of each image.
///
/// `y = act(LN(conv1x1 x))`, `y = act(LN(depthwise3x3 y))`, `y = y · σ(fc2 act(fc1 mean y))`,
/// `out = act(LN(conv1x1 y) + shortcut x)`; norms over the channels of each pixel.
///
/// - Source: Honeybee, Cha et al., arXiv:2312.06742, section 3.2 (RegNet blocks).
struct BottleneckBlock: Block {
  static let settings: Set = ["epsilon", "activation"]
  static let tensors: Set = [
    "reduce", "reduceNorm", "spatial", "spatialNorm", "squeeze", "excite", "expand", "expandNorm",
    "shortcut", "shortcutNorm",
  ]

  private let reduce: Linear
  private let reduceNorm: Norm
  private let spatial: DepthwiseConvolution
  private let spatialNorm: Norm
  private let excitation: SqueezeExcitation
  private let expand: Linear
  private let expandNorm: Norm
  private let shortcut: (linear: Linear, norm: Norm)?
  private let activation: Activation

  init(_ reader: BlockReader) throws(ModelError) {
    reduce = try reader.linear("reduce")
    reduceNorm = try reader.norm("reduceNorm", kind: .layer)
    let kernel = try reader.weight("spatial")
    guard kernel.columns == 9 else {
      throw reader.error("spatial: expected kernels of 3 by 3, found \(kernel.columns) values")
    }
    spatial = DepthwiseConvolution(
      taps: Matrix(rows: kernel.rows, columns: 9, values: kernel.values()).transposed(), bias: nil,
      side: 3)
    spatialNorm = try reader.norm("spatialNorm", kind: .layer)
    excitation = try SqueezeExcitation(reader)
    expand = try reader.linear("expand")
    expandNorm = try reader.norm("expandNorm", kind: .layer)
    shortcut =
      reader.hasTensor("shortcut")
      ? (try reader.linear("shortcut"), try reader.norm("shortcutNorm", kind: .layer)) : nil
    activation = try reader.activation()
  }

  func outputWidth(from width: Int) -> Int? {
    guard let inner = reduce.outputWidth(from: width),
      reduceNorm.outputWidth(from: inner) != nil, spatial.outputs == inner,
      spatialNorm.outputWidth(from: inner) != nil,
      excitation.accepts(inner),
      let output = expand.outputWidth(from: inner), expandNorm.outputWidth(from: output) != nil
    else { return nil }
    if let shortcut {
      return shortcut.linear.outputWidth(from: width) == output
        && shortcut.norm.outputWidth(from: output) != nil ? output : nil
    }
    return output == width ? output : nil
  }

  func run(_ flow: inout Flow) throws(ModelError) {
    var hidden = reduceNorm(reduce(flow.hidden))
    activation.apply(to: &hidden)
    var convolved: [Float] = []
    for (start, grid) in zip(flow.batch.starts, try flow.checkedGrids()) {
      convolved += spatial(hidden, start: start, rows: grid.rows, columns: grid.columns).values
    }
    hidden = spatialNorm(
      Matrix(rows: hidden.rows, columns: hidden.columns, values: convolved))
    activation.apply(to: &hidden)
    excitation.run(&hidden, flow.batch)
    var result = expandNorm(expand(hidden))
    result += shortcut.map { $0.norm($0.linear(flow.hidden)) } ?? flow.hidden
    activation.apply(to: &result)
    flow.hidden = result
  }
}
