// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra

/// A linear layer on each row; `transposed` where its weight is stored `[inputs, outputs]`.
struct LinearBlock: Block {
  static let settings: Set = ["transposed"]
  static let tensors: Set = ["linear"]

  private let linear: Linear

  init(_ reader: BlockReader) throws(ModelError) {
    let isTransposed = reader.has("transposed") ? try reader.bool("transposed") : false
    linear = try isTransposed ? reader.transposedLinear("linear") : reader.linear("linear")
  }

  func outputWidth(from width: Int) -> Int? { linear.outputWidth(from: width) }

  func run(_ flow: inout Flow) throws(ModelError) { flow.hidden = linear(flow.hidden) }
}

/// An activation on each element.
struct ActivationBlock: Block {
  static let settings: Set = ["activation"]
  static let tensors: Set<String> = []

  private let activation: Activation

  init(_ reader: BlockReader) throws(ModelError) { activation = try reader.activation() }

  func outputWidth(from width: Int) -> Int? { width }

  func run(_ flow: inout Flow) throws(ModelError) { activation.apply(to: &flow.hidden) }
}

/// All rows less one, times another, channel by channel.
struct StandardizeBlock: Block {
  static let settings: Set<String> = []
  static let tensors: Set = ["mean", "factor"]

  private let mean: [Float]
  private let factor: [Float]

  init(_ reader: BlockReader) throws(ModelError) {
    (mean, factor) = (try reader.values("mean"), try reader.values("factor"))
  }

  func outputWidth(from width: Int) -> Int? {
    mean.count == width && factor.count == width ? width : nil
  }

  func run(_ flow: inout Flow) throws(ModelError) {
    for i in flow.hidden.values.indices {
      flow.hidden.values[i] =
        (flow.hidden.values[i] - mean[i % mean.count]) * factor[i % mean.count]
    }
  }
}

/// All rows times one number.
struct ScaleBlock: Block {
  static let settings: Set<String> = []
  static let tensors: Set = ["factor"]

  private let factor: Float

  init(_ reader: BlockReader) throws(ModelError) {
    let values = try reader.values("factor")
    guard values.count == 1 else {
      throw reader.error("factor: expected one number, found \(values.count)")
    }
    factor = values[0]
  }

  func outputWidth(from width: Int) -> Int? { width }

  func run(_ flow: inout Flow) throws(ModelError) {
    for i in flow.hidden.values.indices { flow.hidden.values[i] *= factor }
  }
}

/// A norm on each row; `width` says how wide rows are where it has no weight.
struct NormBlock: Block {
  static let settings: Set = ["norm", "normOffset", "epsilon", "width"]
  static let tensors: Set = ["norm"]

  private let norm: Norm

  init(_ reader: BlockReader) throws(ModelError) {
    guard reader.has("width"), !reader.hasTensor("norm") else {
      norm = try reader.norm()
      return
    }
    norm = Norm(
      kind: .rootMeanSquare, weight: [Float](repeating: 1, count: try reader.count("width")),
      bias: nil, epsilon: Float(try reader.number("epsilon")))
  }

  func outputWidth(from width: Int) -> Int? { norm.outputWidth(from: width) }

  func run(_ flow: inout Flow) throws(ModelError) { flow.hidden = norm(flow.hidden) }
}
