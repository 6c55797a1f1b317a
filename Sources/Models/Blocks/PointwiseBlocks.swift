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

/// A norm on each row.
struct NormBlock: Block {
  static let settings: Set = ["norm", "normOffset", "epsilon"]
  static let tensors: Set = ["norm"]

  private let norm: Norm

  init(_ reader: BlockReader) throws(ModelError) { norm = try reader.norm() }

  func outputWidth(from width: Int) -> Int? { norm.outputWidth(from: width) }

  func run(_ flow: inout Flow) throws(ModelError) { flow.hidden = norm(flow.hidden) }
}
