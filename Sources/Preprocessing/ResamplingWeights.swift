// SPDX-License-Identifier: Apache-2.0

/// For each output pixel of a line, which input pixels it is made of, and with which weights.
///
/// Scaling down widens the filter, so that every input pixel counts (antialiasing).
struct ResamplingWeights {
  /// Fraction bits of a weight.
  let fractionBits: Int

  /// The first input pixel of each output pixel.
  private(set) var starts: [Int] = []
  /// How many input pixels each output pixel has.
  private(set) var counts: [Int] = []
  /// The most weights that an output pixel has: the distance of two rows of `values`.
  let capacity: Int
  /// `[outputs, capacity]`, fixed-point, zero beyond the counts.
  private(set) var values: [Int32]

  init(
    from inputs: Int, to outputs: Int, filter: ResamplingFilter, arithmetic: ResamplingArithmetic
  ) {
    let scale = Double(inputs) / Double(outputs)
    let filterScale = max(scale, 1)
    let support = filter.support * filterScale
    let inverse = 1 / filterScale
    // Never more than there are pixels, however wide the filter.
    capacity = min(Int(support.rounded(.up)) * 2 + 1, inputs)
    starts.reserveCapacity(outputs)
    counts.reserveCapacity(outputs)
    var shares = [Double](repeating: 0, count: outputs * capacity)
    var weights: [Double] = []
    for output in 0..<outputs {
      let center = (Double(output) + 0.5) * scale
      let start = max(Int(center - support + 0.5), 0)
      let end = min(Int(center + support + 0.5), inputs)
      weights.removeAll(keepingCapacity: true)
      var sum = 0.0
      for input in start..<max(start, end) {
        let weight = filter.weight((Double(input) - center + 0.5) * inverse)
        weights.append(weight)
        sum += weight
      }
      for (i, weight) in weights.enumerated() {
        shares[output * capacity + i] = sum != 0 ? weight / sum : weight
      }
      starts.append(start)
      counts.append(weights.count)
    }
    let bits = ResamplingWeights.fractionBits(for: shares, in: arithmetic)
    fractionBits = bits
    values = shares.map { share in
      let scaled = share * Double(1 << bits)
      return Int32(scaled < 0 ? scaled - 0.5 : scaled + 0.5)
    }
  }

  /// 32 less 8 for the sample and 2 for overshoot of the sum; or no more than that, as long as the
  /// largest weight fits 16 bits.
  private static func fractionBits(
    for shares: [Double], in arithmetic: ResamplingArithmetic
  ) -> Int {
    let most = 32 - 8 - 2
    guard arithmetic == .torchBytes else { return most }
    let largest = shares.max() ?? 0
    return (0..<most).first { Int(0.5 + largest * Double(1 << ($0 + 1))) >= 1 << 15 } ?? most
  }

  /// Half a unit, so that the final shift rounds.
  var half: Int32 { Int32(1) << Int32(fractionBits - 1) }

  /// The level that a sum stands for.
  func clipped(_ sum: Int32) -> UInt8 { UInt8(clamping: sum >> Int32(fractionBits)) }
}
