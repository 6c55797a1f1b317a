// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra
import Testing

struct DepthwiseConvolutionTests {
  struct Sizes: Sendable, CustomTestStringConvertible {
    let rows: Int
    let columns: Int
    let side: Int
    let stride: Int
    let channels: Int
    let share: Int
    var testDescription: String {
      "\(rows) x \(columns), \(side), \(stride), \(channels) x \(share)"
    }
  }

  static let sizes = [
    Sizes(rows: 5, columns: 8, side: 3, stride: 1, channels: 3, share: 1),
    Sizes(rows: 8, columns: 5, side: 3, stride: 2, channels: 2, share: 3),
    Sizes(rows: 1, columns: 4, side: 7, stride: 2, channels: 5, share: 2),
    Sizes(rows: 9, columns: 2, side: 7, stride: 3, channels: 1, share: 1),
    Sizes(rows: 6, columns: 7, side: 1, stride: 1, channels: 4, share: 2),
    Sizes(rows: 1, columns: 1, side: 5, stride: 2, channels: 2, share: 1),
  ]

  /// Two maps one behind the other, and the convolution of the second.
  private static func make(_ sizes: Sizes) -> (Matrix, DepthwiseConvolution) {
    let outputs = sizes.channels * sizes.share
    let input = Samples.matrix(3 + sizes.rows * sizes.columns, sizes.channels, seed: 7)
    let taps = Samples.matrix(sizes.side * sizes.side, outputs, seed: 11)
    let bias = Samples.matrix(1, outputs, seed: 13).values
    return (
      input, DepthwiseConvolution(taps: taps, bias: bias, side: sizes.side, stride: sizes.stride)
    )
  }

  /// The tolerance is that of a sum of so many products, none larger than 36 in these samples.
  @Test(
    "each output is the sum over its channel's neighbours, nothing beyond the edges",
    arguments: sizes)
  func sums(_ sizes: Sizes) {
    let (input, convolution) = DepthwiseConvolutionTests.make(sizes)
    let result = convolution(input, start: 3, rows: sizes.rows, columns: sizes.columns)
    let height = (sizes.rows + sizes.stride - 1) / sizes.stride
    let width = (sizes.columns + sizes.stride - 1) / sizes.stride
    #expect(result.rows == height * width && result.columns == sizes.channels * sizes.share)
    let half = sizes.side / 2
    for row in 0..<height {
      for column in 0..<width {
        for output in 0..<result.columns {
          var sum = Double(convolution.bias?[output] ?? 0)
          for y in 0..<sizes.side {
            for x in 0..<sizes.side {
              let (line, place) = (row * sizes.stride + y - half, column * sizes.stride + x - half)
              guard line >= 0, line < sizes.rows, place >= 0, place < sizes.columns else {
                continue
              }
              let pixel = input.row(3 + line * sizes.columns + place)
              let value = pixel[pixel.startIndex + output / sizes.share]
              let tap = convolution.taps.row(y * sizes.side + x)
              sum += Double(value) * Double(tap[tap.startIndex + output])
            }
          }
          let own = result.row(row * width + column)
          let terms = Double(sizes.side * sizes.side + 1)
          let tolerance = 36 * terms * terms * Samples.rounding
          #expect(abs(Double(own[own.startIndex + output]) - sum) <= tolerance)
        }
      }
    }
  }

  @Test("the number of workers does not change the bits", arguments: sizes)
  func workers(_ sizes: Sizes) {
    let (input, convolution) = DepthwiseConvolutionTests.make(sizes)
    let results = Samples.perWorkerCount {
      convolution(input, start: 3, rows: sizes.rows, columns: sizes.columns)
    }
    #expect(results.allSatisfy { $0 == results[0] })
  }
}
