// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra

/// Scales the channels of each image by what their means say: `x · σ(excite(act(squeeze(mean x))))`.
///
/// - Source: Hu et al., arXiv:1709.01507, section 3.
struct SqueezeExcitation: Sendable {
  static let tensors: Set = ["squeeze", "excite"]

  private let squeeze: Linear
  private let excite: Linear
  private let activation: Activation

  init(_ reader: BlockReader) throws(ModelError) {
    squeeze = try reader.linear("squeeze")
    excite = try reader.linear("excite")
    activation = try reader.activation()
  }

  /// Whether it takes rows of this width.
  func accepts(_ width: Int) -> Bool {
    squeeze.outputWidth(from: width).flatMap(excite.outputWidth) == width
  }

  func run(_ hidden: inout Matrix, _ batch: Batch) {
    let columns = hidden.columns
    var means = Matrix(rows: batch.sequenceCount, columns: columns)
    for (image, (start, length)) in zip(batch.starts, batch.lengths).enumerated() {
      for row in start..<start + length {
        for c in 0..<columns {
          means.values[image * columns + c] += hidden.values[row * columns + c]
        }
      }
      for c in 0..<columns { means.values[image * columns + c] /= Float(max(1, length)) }
    }
    var scales = squeeze(means)
    activation.apply(to: &scales)
    scales = excite(scales)
    Activation.sigmoid.apply(to: &scales)
    for (image, (start, length)) in zip(batch.starts, batch.lengths).enumerated() {
      for row in start..<start + length {
        for c in 0..<columns {
          hidden.values[row * columns + c] *= scales.values[image * columns + c]
        }
      }
    }
  }
}

/// Squeeze and excitation as a block of its own.
struct SqueezeExcitationBlock: Block {
  static let settings: Set = ["activation"]
  static let tensors = SqueezeExcitation.tensors

  private let body: SqueezeExcitation

  init(_ reader: BlockReader) throws(ModelError) { body = try SqueezeExcitation(reader) }

  func outputWidth(from width: Int) -> Int? { body.accepts(width) ? width : nil }

  func run(_ flow: inout Flow) throws(ModelError) { body.run(&flow.hidden, flow.batch) }
}
