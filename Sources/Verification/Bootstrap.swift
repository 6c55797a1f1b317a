// SPDX-License-Identifier: Apache-2.0

import Parallelism
import Synchronization

/// Confidence intervals from resampled documents.
///
/// Tokens of one document are not independent, so that whole documents are drawn, with replacement,
/// as many as there are. Both models' figures come from the same draw. The draws are the same in
/// every run. Source: Efron and Tibshirani, An Introduction to the Bootstrap, chapter 13 (percentile
/// intervals); Koehn, Statistical Significance Tests for Machine Translation Evaluation (2004).
package struct Bootstrap: Sendable {
  package let documentCount: Int
  private let drawCount: Int

  /// - Parameters:
  ///   - documentCount: Of the sample.
  ///   - drawCount: More make the ends of intervals steadier: at 1000 they are the 25th lowest and
  ///     highest figures.
  package init(documentCount: Int, drawCount: Int = 1000) {
    self.documentCount = documentCount
    self.drawCount = drawCount
  }

  /// The interval of a figure.
  ///
  /// - Parameter figure: Of documents that count as often as the array says, on several threads.
  /// - Returns: nil for fewer than two documents.
  package func interval(
    _ figure: @escaping @Sendable ([UInt32]) -> Double
  ) -> ClosedRange<Double>? {
    guard documentCount > 1, drawCount > 0 else { return nil }
    let figures = Mutex([Double](repeating: 0, count: drawCount))
    Parallel.forEach(drawCount, scratch: { [UInt32]() }) { index, counts in
      draw(index, into: &counts)
      let value = figure(counts)
      figures.withLock { $0[index] = value }
    }
    let sorted = figures.withLock { $0 }.sorted()
    let low = sorted[Int(Double(sorted.count) * 0.025)]
    let high = sorted[min(sorted.count - 1, Int(Double(sorted.count) * 0.975))]
    return low...max(low, high)
  }

  /// How often each document is drawn.
  ///
  /// A draw is made anew wherever it is needed: kept, all of them would take four kilobytes a
  /// document.
  private func draw(_ index: Int, into counts: inout [UInt32]) {
    counts.removeAll(keepingCapacity: true)
    counts.append(contentsOf: repeatElement(0, count: documentCount))
    var seeds = SplitMix64(state: UInt64(index))
    var random = SplitMix64(state: seeds.next())
    for _ in 0..<documentCount {
      counts[Int(random.next().multipliedFullWidth(by: UInt64(documentCount)).high)] += 1
    }
  }

  /// The interval of a mean: Σ sums / Σ counts over documents.
  package func interval(ofMean sums: [Double], over counts: [Double]) -> ClosedRange<Double>? {
    interval { weights in
      var (sum, count) = (0.0, 0.0)
      for (document, weight) in weights.enumerated() where weight > 0 {
        sum += Double(weight) * sums[document]
        count += Double(weight) * counts[document]
      }
      return count > 0 ? sum / count : 0
    }
  }
}

/// Source: Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators (2014).
private struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
