// SPDX-License-Identifier: Apache-2.0

import Parallelism
import Synchronization

/// Tries feedback on some rows of a weight, and judges it by tokens that it was not fitted to.
package struct FeedbackTrial {
  /// Rows that are tried.
  private static let sampleCount = 256

  /// Σ (w − y) H (w − y) over the rows with held-out moments H: coded one by one, and with feedback.
  package let plain: Double
  package let fitted: Double

  /// Whether the weight should be coded with feedback.
  package var helps: Bool { fitted < plain }

  /// Codes rows from all over a weight.
  ///
  /// - Parameters:
  ///   - format: Of the weight.
  ///   - curvature: Of the weight's inputs.
  ///   - moments: What it was made of.
  ///   - rows: How many the weight has.
  ///   - importance: The weight of each column in the search.
  ///   - read: Gives the values of a range of rows; called on several threads.
  package init(
    _ format: some FeedbackFormat, _ curvature: Curvature, _ moments: InputMoments, rows: Int,
    importance: [Float]?,
    read: @Sendable (Range<Int>, UnsafeMutableBufferPointer<Float>) -> Void
  ) {
    let columns = curvature.columns
    let count = min(rows, FeedbackTrial.sampleCount)
    let heldOut = curvature.reordered(moments.source.heldOut)
    let tiles = (count + FeedbackLanes.count - 1) / FeedbackLanes.count
    let losses = Mutex([(Double, Double)](repeating: (0, 0), count: tiles))
    Parallel.forEach(
      tiles,
      scratch: { [Float](repeating: 0, count: FeedbackLanes.count * columns) }
    ) { index, values in
      let samples = index * FeedbackLanes.count..<min(count, (index + 1) * FeedbackLanes.count)
      let tile = format.tile(curvature)
      values.withUnsafeMutableBufferPointer { values in
        let stored = samples.enumerated().map { place, sample in
          let row = sample * rows / count
          let own = UnsafeMutableBufferPointer(
            rebasing: values[place * columns..<(place + 1) * columns])
          read(row..<row + 1, own)
          return format.search(UnsafeBufferPointer(own), importance: importance)
        }
        tile.load(UnsafeBufferPointer(values), stored)
      }
      tile.round()
      let plain = tile.loss(heldOut)
      tile.fit()
      let fitted = tile.loss(heldOut)
      losses.withLock { $0[index] = (plain, fitted) }
    }
    let all = losses.withLock { $0 }
    plain = all.reduce(0) { $0 + $1.0 }
    fitted = all.reduce(0) { $0 + $1.1 }
  }
}
