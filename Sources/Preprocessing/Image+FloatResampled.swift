// SPDX-License-Identifier: Apache-2.0

extension Image {
  /// The image resampled as PyTorch's `interpolate` does it with Float32: columns first, then rows,
  /// and whole levels again at the end, halves to the even one.
  ///
  /// Each sum runs from the first pixel to the last, and is rounded where PyTorch's for x86-64 is: see
  /// ``FloatResamplingWeights/roundedTerms(of:)``. The result is the same on every machine.
  ///
  /// - Parameters:
  ///   - newWidth: Pixels in a row of the result.
  ///   - newHeight: Rows of the result.
  ///   - filter: Bilinear or bicubic; bicubic in the place of Lanczos'.
  /// - Returns: The image of the new size.
  func floatResampled(
    width newWidth: Int, height newHeight: Int, filter: ResamplingFilter
  ) -> Image {
    let filter = filter == .lanczos ? .bicubic : filter
    var values = pixels.map { Float($0) }
    if newWidth != width {
      values = floatColumns(
        values, by: FloatResamplingWeights(from: width, to: newWidth, filter: filter))
    }
    if newHeight != height {
      values = Image.floatRows(
        values, length: newWidth * 3,
        by: FloatResamplingWeights(from: height, to: newHeight, filter: filter))
    }
    let levels = values.map { UInt8(min(max($0, 0), 255).rounded(.toNearestOrEven)) }
    return Image(width: newWidth, height: newHeight, pixels: levels, name: name)
  }

  private func floatColumns(_ source: [Float], by weights: FloatResamplingWeights) -> [Float] {
    let newWidth = weights.starts.count
    let size = newWidth * height * 3
    return [Float](unsafeUninitializedCapacity: size) { output, written in
      written = size
      source.withUnsafeBufferPointer { source in
        weights.values.withUnsafeBufferPointer { values in
          for x in 0..<newWidth {
            let row = x * weights.capacity
            let rounded = min(
              FloatResamplingWeights.roundedTerms(of: weights.counts[x]), weights.counts[x])
            for y in 0..<height {
              var (red, green, blue) = (Float(0), Float(0), Float(0))
              var position = (y * width + weights.starts[x]) * 3
              for i in 0..<rounded {
                let weight = values[row + i]
                red += source[position] * weight
                green += source[position + 1] * weight
                blue += source[position + 2] * weight
                position += 3
              }
              for i in rounded..<max(rounded, weights.counts[x]) {
                let weight = values[row + i]
                red.addProduct(source[position], weight)
                green.addProduct(source[position + 1], weight)
                blue.addProduct(source[position + 2], weight)
                position += 3
              }
              let target = (y * newWidth + x) * 3
              output[target] = red
              output[target + 1] = green
              output[target + 2] = blue
            }
          }
        }
      }
    }
  }

  private static func floatRows(
    _ source: [Float], length: Int, by weights: FloatResamplingWeights
  ) -> [Float] {
    let newHeight = weights.starts.count
    var output = [Float](repeating: 0, count: length * newHeight)
    output.withUnsafeMutableBufferPointer { output in
      source.withUnsafeBufferPointer { source in
        for y in 0..<newHeight {
          let rounded = FloatResamplingWeights.roundedTerms(of: weights.counts[y])
          for i in 0..<weights.counts[y] {
            let weight = weights.values[y * weights.capacity + i]
            let row = (weights.starts[y] + i) * length
            if i < rounded {
              for x in 0..<length { output[y * length + x] += source[row + x] * weight }
            } else {
              for x in 0..<length { output[y * length + x].addProduct(source[row + x], weight) }
            }
          }
        }
      }
    }
    return output
  }
}
