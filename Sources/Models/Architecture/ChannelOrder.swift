// SPDX-License-Identifier: Apache-2.0

import Layers
package import Tensors

/// Where a convolution's kernels have their channels: before height and width, or behind; of one
/// over frames, before these, too, or behind all.
package enum ChannelOrder: Sendable {
  /// `[outputs, channels, height, width]`, PyTorch's.
  case first
  /// `[outputs, height, width, channels]`, MLX's.
  case last

  /// A shape in PyTorch's order as this order has it; nil for what is no convolution, and no number
  /// a channel for maps.
  package func shape(of shape: Shape) -> Shape? {
    let d = shape.dimensions
    // One number a channel lies in the same order wherever the channels stand.
    if d.count == 3, d[1] == 1, d[2] == 1 { return self == .first ? shape : Shape([1, 1, d[0]]) }
    guard (3...5).contains(d.count) else { return nil }
    return self == .first ? shape : Shape([d[0]] + d[2...] + [d[1]])
  }
}

/// The rows of a convolution whose channels are stored in the other order.
struct ReorderedChannels: Weight.Rows {
  private let kernels: Weight
  private let channels: Int
  private let area: Int
  /// Of the rows that are asked for.
  private let columns: Int
  private let wanted: ChannelOrder

  /// - Parameters:
  ///   - kernels: As they are stored, a row each.
  ///   - shape: In PyTorch's order.
  ///   - columns: Elements of a row; whole rows make an output.
  ///   - wanted: The order of the result; the kernels have the other.
  init?(_ kernels: Weight, shape: Shape, columns: Int, wanted: ChannelOrder) {
    let d = shape.dimensions
    guard (3...5).contains(d.count), columns > 0, d[1...].reduce(1, *) == kernels.columns,
      kernels.columns % columns == 0
    else { return nil }
    self.kernels = kernels
    self.columns = columns
    self.wanted = wanted
    channels = d[1]
    area = d[2...].reduce(1, *)
  }

  func decode(rows: Range<Int>, into values: UnsafeMutableBufferPointer<Float>) {
    let size = channels * area
    var kernel = [Float](repeating: 0, count: size)
    var output = -1
    for element in 0..<rows.count * columns {
      let (index, place) = (rows.lowerBound * columns + element).quotientAndRemainder(
        dividingBy: size)
      if index != output {
        output = index
        kernel.withUnsafeMutableBufferPointer { kernels.decode(rows: index..<index + 1, into: $0) }
      }
      let inner = wanted == .first ? area : channels
      let (outer, rest) = place.quotientAndRemainder(dividingBy: inner)
      values[element] = kernel[rest * (size / inner) + outer]
    }
  }
}
