// SPDX-License-Identifier: Apache-2.0

/// For each output pixel of a line, which input pixels it is made of, and with which weights, in
/// Float32 throughout.
///
/// The same as ``ResamplingWeights`` but for the rounding: each step here is one of PyTorch's, as it is
/// compiled for x86-64, with products that are not rounded where it has such.
struct FloatResamplingWeights {
  /// The first input pixel of each output pixel.
  private(set) var starts: [Int] = []
  /// How many input pixels each output pixel has.
  private(set) var counts: [Int] = []
  /// The most weights that an output pixel has: the distance of two rows of `values`.
  let capacity: Int
  /// `[outputs, capacity]`, zero beyond the counts.
  private(set) var values: [Float]

  init(from inputs: Int, to outputs: Int, filter: ResamplingFilter) {
    let scale = Float(inputs) / Float(outputs)
    let support = Float(filter.support) * max(scale, 1)
    let inverse = scale >= 1 ? 1 / scale : 1
    capacity = min(Int(support.rounded(.up)) * 2 + 1, inputs)
    starts.reserveCapacity(outputs)
    counts.reserveCapacity(outputs)
    values = [Float](repeating: 0, count: outputs * capacity)
    for output in 0..<outputs {
      let center = Float(Double(scale) * (Double(output) + 0.5))
      let start = max(Int(Double(center - support) + 0.5), 0)
      let end = min(Int(Double(center + support) + 0.5), inputs)
      let count = min(max(end - start, 0), capacity)
      let distance = Float(start) - center
      let row = output * capacity
      var sum: Float = 0
      for i in 0..<count {
        let x = Float((Double(Float(i) + distance) + 0.5) * Double(inverse))
        let weight = FloatResamplingWeights.weight(of: filter, at: abs(x))
        values[row + i] = weight
        sum += weight
      }
      if sum != 0 {
        for i in 0..<count { values[row + i] /= sum }
      }
      starts.append(start)
      counts.append(count)
    }
  }

  /// The weight of a pixel at a distance from the centre, not normalised; Lanczos' filter is Keys'.
  private static func weight(of filter: ResamplingFilter, at distance: Float) -> Float {
    if filter == .bilinear { return distance < 1 ? 1 - distance : 0 }
    let a: Float = -0.5
    func fused(_ x: Float, _ y: Float, plus z: Float) -> Float { z.addingProduct(x, y) }
    if distance < 1 {
      let inner = fused(a + 2, distance, plus: -(a + 3)) * distance
      return fused(inner, distance, plus: 1)
    }
    if distance < 2 {
      let inner = fused(a, distance, plus: -5 * a)
      return fused(fused(inner, distance, plus: 8 * a), distance, plus: -4 * a)
    }
    return 0
  }

  /// How many of the terms of a sum are rounded products: the first one, and those behind it in whole
  /// groups of four.
  ///
  /// The last ones, up to three, are added before they are rounded.
  static func roundedTerms(of count: Int) -> Int { 1 + max(count - 1, 0) / 4 * 4 }
}
