// SPDX-License-Identifier: Apache-2.0

extension Image {
  /// The image resampled to another size, bit for bit as Pillow's `Image.resize` does it, or
  /// PyTorch's `interpolate` of bytes or of Float32.
  ///
  /// One pass over the columns and one over the rows. Of Pillow and bytes there are eight bits between
  /// the two, and the weights are fixed-point, so the result is the same on every machine.
  ///
  /// - Throws: ``ImageError/size(name:thing:width:height:)`` if the new size is empty or too large.
  /// - Complexity: O(new width · height · filter width + new size · filter height).
  /// - Source: Pillow, `libImaging/Resample.c` and `Geometry.c` (behaviour).
  package func resized(
    width newWidth: Int, height newHeight: Int, filter: ResamplingFilter,
    arithmetic: ResamplingArithmetic = .pillow
  ) throws(ImageError) -> Image {
    try Image.check(width: newWidth, height: newHeight, of: "size to resize to", in: name)
    guard newWidth != width || newHeight != height else { return self }
    if filter == .nearest {
      return nearest(width: newWidth, height: newHeight, arithmetic: arithmetic)
    }
    let rowsComeFirst =
      arithmetic == .pillow
      && Image.rowsComeFirst(
        width: width, height: height, newWidth: newWidth, newHeight: newHeight)
    // What lies between the passes may be larger than both ends: 1 x 9999 to 9999 x 1.
    try Image.check(
      width: rowsComeFirst ? width : newWidth, height: rowsComeFirst ? newHeight : height,
      of: "intermediate size", in: name)
    if arithmetic == .torchFloats {
      return floatResampled(width: newWidth, height: newHeight, filter: filter)
    }
    var pixels = pixels
    let columns = ResamplingWeights(
      from: width, to: newWidth, filter: filter, arithmetic: arithmetic)
    let rows = ResamplingWeights(
      from: height, to: newHeight, filter: filter, arithmetic: arithmetic)
    if rowsComeFirst { pixels = resampledRows(pixels, width: width, by: rows) }
    if newWidth != width {
      pixels = resampledColumns(pixels, height: rowsComeFirst ? newHeight : height, by: columns)
    }
    if newHeight != height, !rowsComeFirst {
      pixels = resampledRows(pixels, width: newWidth, by: rows)
    }
    return Image(width: newWidth, height: newHeight, pixels: pixels, name: name)
  }

  /// The order of the passes, which shows in the rounding between them.
  ///
  /// Found by trying Pillow 13.0 on random sizes: rows come first when they shrink, and by more than
  /// twice as many as the columns. Columns-first results of such images differ by several levels
  /// where the first pass overshoots and is clipped. See `Formats/images.md`.
  private static func rowsComeFirst(
    width: Int, height: Int, newWidth: Int, newHeight: Int
  ) -> Bool {
    newHeight < height && height - newHeight > 2 * (width - newWidth)
  }

  private func resampledColumns(
    _ source: [UInt8], height: Int, by weights: ResamplingWeights
  ) -> [UInt8] {
    let newWidth = weights.starts.count
    let rowLength = width * 3
    let size = newWidth * height * 3
    return [UInt8](unsafeUninitializedCapacity: size) { output, written in
      written = size
      source.withUnsafeBufferPointer { source in
        weights.values.withUnsafeBufferPointer { values in
          for x in 0..<newWidth {
            let first = weights.starts[x] * 3
            let row = x * weights.capacity
            let count = weights.counts[x]
            for y in 0..<height {
              var red = weights.half
              var green = weights.half
              var blue = weights.half
              var position = y * rowLength + first
              for i in 0..<count {
                let weight = values[row + i]
                red &+= Int32(source[position]) &* weight
                green &+= Int32(source[position + 1]) &* weight
                blue &+= Int32(source[position + 2]) &* weight
                position += 3
              }
              let target = (y * newWidth + x) * 3
              output[target] = weights.clipped(red)
              output[target + 1] = weights.clipped(green)
              output[target + 2] = weights.clipped(blue)
            }
          }
        }
      }
    }
  }

  private func resampledRows(
    _ source: [UInt8], width: Int, by weights: ResamplingWeights
  ) -> [UInt8] {
    let newHeight = weights.starts.count
    let rowLength = width * 3
    let size = rowLength * newHeight
    var sums = [Int32](repeating: 0, count: rowLength)
    return [UInt8](unsafeUninitializedCapacity: size) { output, written in
      written = size
      source.withUnsafeBufferPointer { source in
        sums.withUnsafeMutableBufferPointer { sums in
          for y in 0..<newHeight {
            sums.update(repeating: weights.half)
            for i in 0..<weights.counts[y] {
              let weight = weights.values[y * weights.capacity + i]
              let row = (weights.starts[y] + i) * rowLength
              for x in 0..<rowLength { sums[x] &+= Int32(source[row + x]) &* weight }
            }
            let target = y * rowLength
            for x in 0..<rowLength { output[target + x] = weights.clipped(sums[x]) }
          }
        }
      }
    }
  }

  /// Takes the pixel under each new pixel's centre.
  private func nearest(
    width newWidth: Int, height newHeight: Int, arithmetic: ResamplingArithmetic
  ) -> Image {
    let positions =
      arithmetic.isTorch ? Image.nearestExactPositions : Image.nearestPositions(from:to:)
    let columns = positions(width, newWidth)
    let rows = positions(height, newHeight)
    var output = [UInt8](repeating: 0, count: newWidth * newHeight * 3)
    for (y, row) in rows.enumerated() where row < height {
      for (x, column) in columns.enumerated() where column < width {
        let source = (row * width + column) * 3
        let target = (y * newWidth + x) * 3
        for channel in 0..<3 { output[target + channel] = pixels[source + channel] }
      }
    }
    return Image(width: newWidth, height: newHeight, pixels: output, name: name)
  }

  /// The position is summed up step by step, as Pillow does, so that its rounding errors are the same.
  private static func nearestPositions(from inputs: Int, to outputs: Int) -> [Int] {
    let scale = Double(inputs) / Double(outputs)
    var position = scale * 0.5
    return (0..<outputs).map { _ in
      defer { position += scale }
      return Int(position)
    }
  }

  /// PyTorch's `nearest-exact`, whose scale is in single precision.
  private static func nearestExactPositions(from inputs: Int, to outputs: Int) -> [Int] {
    let scale = Double(Float(inputs) / Float(outputs))
    return (0..<outputs).map { output in
      min(Int(Float((Double(output) + 0.5) * scale)), inputs - 1)
    }
  }
}
