// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra

/// A convolution of the map of each image, with zeros beyond the edges: of all channels, or of each
/// channel by itself, as the kernels' shape says; a norm over batches is folded into it.
///
/// - Source: Ioffe and Szegedy, arXiv:1502.03167, algorithm 2, for the norm.
struct Convolution: Sendable {
  static let settings: Set = ["stride", "epsilon"]
  static let tensors: Set = ["kernel", "batchNorm", "mean", "variance"]

  private enum Kind: Sendable {
    case depthwise(DepthwiseConvolution)
    /// The kernels as rows, `[outputs, inputs * side * side]`.
    case dense(Linear, inputs: Int)
  }

  private let kind: Kind
  private let side: Int
  private let stride: Int

  /// - Parameter reader: Of a block with these tensors and settings.
  /// - Throws: ``ModelError`` if tensors or settings do not fit each other.
  init(_ reader: BlockReader) throws(ModelError) {
    let shape = try reader.shape("kernel")
    stride = reader.has("stride") ? try reader.count("stride") : 1
    guard shape.count == 4, shape[2] == shape[3], shape[2] % 2 == 1, shape[2] <= 1 << 8,
      stride <= 1 << 8
    else {
      throw reader.error(
        "kernel: expected [outputs, inputs, side, side] with an odd side, found \(shape)")
    }
    side = shape[2]
    guard shape[1] == 1 else {
      guard !reader.hasTensor("variance") else {
        throw reader.error("a norm over batches is folded into kernels of single channels only")
      }
      kind = .dense(try reader.linear("kernel"), inputs: shape[1])
      return
    }
    let stored = try reader.weight("kernel")
    var kernels = Matrix(rows: stored.rows, columns: stored.columns, values: stored.values())
    var bias = try reader.valuesIfPresent("kernel.bias")
    if reader.hasTensor("variance") {
      bias = try Convolution.fold(reader, into: &kernels, bias: bias)
    }
    guard bias?.count ?? kernels.rows == kernels.rows else {
      throw reader.error("kernel: expected \(kernels.rows) biases, found \(bias?.count ?? 0)")
    }
    kind = .depthwise(
      DepthwiseConvolution(taps: kernels.transposed(), bias: bias, side: side, stride: stride))
  }

  /// Scales the kernels as the norm does what they give.
  ///
  /// - Returns: The bias that is left.
  private static func fold(
    _ reader: BlockReader, into kernels: inout Matrix, bias: [Float]?
  ) throws(ModelError) -> [Float] {
    let outputs = kernels.rows
    let (weights, shifts) = (
      try reader.values("batchNorm"), try reader.valuesIfPresent("batchNorm.bias")
    )
    let (means, variances) = (try reader.values("mean"), try reader.values("variance"))
    let epsilon = Float(try reader.number("epsilon"))
    guard [weights, means, variances].allSatisfy({ $0.count == outputs }),
      [bias, shifts].allSatisfy({ $0?.count ?? outputs == outputs })
    else { throw reader.error("batchNorm: expected \(outputs) numbers of each kind") }
    guard variances.allSatisfy({ $0 + epsilon > 0 }) else {
      throw reader.error("variance: expected positive numbers; get an intact copy of the file")
    }
    return (0..<outputs).map { output in
      let scale = weights[output] / (variances[output] + epsilon).squareRoot()
      for i in output * kernels.columns..<(output + 1) * kernels.columns {
        kernels.values[i] *= scale
      }
      return ((bias?[output] ?? 0) - means[output]) * scale + (shifts?[output] ?? 0)
    }
  }

  func outputWidth(from width: Int) -> Int? {
    switch kind {
    case .depthwise(let convolution):
      width > 0 && convolution.outputs % width == 0 ? convolution.outputs : nil
    case .dense(let linear, let inputs): width == inputs ? linear.weight.rows : nil
    }
  }

  /// The maps after it, one after the other.
  func callAsFunction(
    _ hidden: Matrix, _ batch: Batch, _ grids: [Grid]
  ) -> (hidden: Matrix, grids: [Grid]) {
    let results = grids.map {
      Grid(
        rows: DepthwiseConvolution.length(of: $0.rows, stride: stride),
        columns: DepthwiseConvolution.length(of: $0.columns, stride: stride))
    }
    var values: [Float] = []
    switch kind {
    case .dense(let linear, _) where side == 1 && stride == 1: return (linear(hidden), results)
    case .dense(let linear, _):
      for (start, (grid, result)) in zip(batch.starts, zip(grids, results)) {
        values += unfolded(hidden, start, grid, result)
      }
      let rows = results.reduce(0) { $0 + $1.count }
      let patches = Matrix(rows: rows, columns: linear.weight.columns, values: values)
      return (linear(patches), results)
    case .depthwise(let convolution):
      for (start, grid) in zip(batch.starts, grids) {
        values +=
          convolution(hidden, start: start, rows: grid.rows, columns: grid.columns).values
      }
      let rows = results.reduce(0) { $0 + $1.count }
      return (Matrix(rows: rows, columns: convolution.outputs, values: values), results)
    }
  }

  /// What each output pixel sees of a map, as the rows of kernels have it: the elements of each
  /// channel one after the other.
  private func unfolded(
    _ hidden: Matrix, _ start: Int, _ grid: Grid, _ result: Grid
  ) -> [Float] {
    let (channels, area, half) = (hidden.columns, side * side, side / 2)
    var values = [Float](repeating: 0, count: result.count * channels * area)
    for pixel in 0..<result.count {
      for tap in 0..<area {
        let row = pixel / result.columns * stride + tap / side - half
        let column = pixel % result.columns * stride + tap % side - half
        guard (0..<grid.rows).contains(row), (0..<grid.columns).contains(column) else { continue }
        let source = (start + row * grid.columns + column) * channels
        for c in 0..<channels {
          values[(pixel * channels + c) * area + tap] = hidden.values[source + c]
        }
      }
    }
    return values
  }
}

/// A convolution, and an activation behind it where one is named.
struct ConvolutionBlock: Block {
  static let settings = Convolution.settings.union(["activation"])
  static let tensors = Convolution.tensors

  private let convolution: Convolution
  private let activation: Activation?

  init(_ reader: BlockReader) throws(ModelError) {
    convolution = try Convolution(reader)
    activation = reader.has("activation") ? try reader.activation() : nil
  }

  func outputWidth(from width: Int) -> Int? { convolution.outputWidth(from: width) }

  func run(_ flow: inout Flow) throws(ModelError) {
    (flow.hidden, flow.grids) = convolution(flow.hidden, flow.batch, try flow.checkedGrids())
    flow.batch = Batch(lengths: flow.grids.map(\.count))
    activation?.apply(to: &flow.hidden)
  }
}

/// A feed-forward layer behind a convolution, around a residual:
/// `x + gain · down(act(up(convolution(x))))`.
///
/// - Source: Vasu et al., arXiv:2303.14189, section 3.2 (FastViT's convolutional feed-forward).
struct ConvolutionFeedForwardBlock: Block {
  static let settings = Residual.settings.union(Convolution.settings).union(["activation"])
  static let tensors = Residual.tensors.union(Convolution.tensors).union(["up", "down"])

  private let residual: Residual
  private let convolution: Convolution
  private let feedForward: FeedForward

  init(_ reader: BlockReader) throws(ModelError) {
    residual = try Residual(reader)
    convolution = try Convolution(reader)
    feedForward = FeedForward(
      gate: nil, up: try reader.linear("up"), down: try reader.linear("down"),
      activation: try reader.activation())
    guard !reader.has("stride") else { throw reader.error("stride: expected none in a residual") }
  }

  func outputWidth(from width: Int) -> Int? {
    residual.accepts(width) && convolution.outputWidth(from: width) == width
      && feedForward.outputWidth(from: width) == width ? width : nil
  }

  func run(_ flow: inout Flow) throws(ModelError) {
    let (batch, grids) = (flow.batch, try flow.checkedGrids())
    residual.run(&flow.hidden) { feedForward(convolution($0, batch, grids).hidden) }
  }
}
