// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra
import Parallelism

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
  /// `[9, channels]`: the taps of the kernel row by row.
  private let taps: [Float]
  private let spatialNorm: Norm
  private let squeeze: Linear
  private let excite: Linear
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
    taps = Matrix(rows: kernel.rows, columns: 9, values: kernel.values()).transposed().values
    spatialNorm = try reader.norm("spatialNorm", kind: .layer)
    squeeze = try reader.linear("squeeze")
    excite = try reader.linear("excite")
    expand = try reader.linear("expand")
    expandNorm = try reader.norm("expandNorm", kind: .layer)
    shortcut =
      reader.hasTensor("shortcut")
      ? (try reader.linear("shortcut"), try reader.norm("shortcutNorm", kind: .layer)) : nil
    activation = try reader.activation()
  }

  func outputWidth(from width: Int) -> Int? {
    guard let inner = reduce.outputWidth(from: width),
      reduceNorm.outputWidth(from: inner) != nil, taps.count == 9 * inner,
      spatialNorm.outputWidth(from: inner) != nil,
      let squeezed = squeeze.outputWidth(from: inner),
      excite.outputWidth(from: squeezed) == inner,
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
    hidden = spatialNorm(convolved(hidden, flow.batch, try flow.checkedGrids()))
    activation.apply(to: &hidden)
    excite(&hidden, flow.batch)
    var result = expandNorm(expand(hidden))
    result += shortcut.map { $0.norm($0.linear(flow.hidden)) } ?? flow.hidden
    activation.apply(to: &result)
    flow.hidden = result
  }

  /// The depthwise convolution, with zeros beyond the edges.
  private func convolved(_ input: Matrix, _ batch: Batch, _ grids: [Grid]) -> Matrix {
    let columns = input.columns
    var result = Matrix(rows: input.rows, columns: columns)
    for (start, grid) in zip(batch.starts, grids) {
      input.values.withUnsafeBufferPointer { x in
        result.values.withUnsafeMutableBufferPointer { y in
          let x = SharedReads(x)
          let y = DisjointWrites(y)
          Parallel.forEach(grid.rows) { row in
            for column in 0..<grid.columns {
              let output = y.base + (start + row * grid.columns + column) * columns
              for tap in 0..<9 {
                let (dy, dx) = (row + tap / 3 - 1, column + tap % 3 - 1)
                guard (0..<grid.rows).contains(dy), (0..<grid.columns).contains(dx)
                else { continue }
                let input = x.base + (start + dy * grid.columns + dx) * columns
                for c in 0..<columns { output[c] += input[c] * taps[tap * columns + c] }
              }
            }
          }
        }
      }
    }
    return result
  }

  /// Scales the channels of each image by what their means say.
  private func excite(_ hidden: inout Matrix, _ batch: Batch) {
    let columns = hidden.columns
    var means = Matrix(rows: batch.sequenceCount, columns: columns)
    for (image, (start, length)) in zip(batch.starts, batch.lengths).enumerated() {
      for row in start..<start + length {
        for c in 0..<columns {
          means.values[image * columns + c] += hidden.values[row * columns + c]
        }
      }
      for c in 0..<columns { means.values[image * columns + c] /= Float(length) }
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
