// SPDX-License-Identifier: Apache-2.0

import Parallelism
import Synchronization

/// Tries feedback on some rows of a weight, and judges it by tokens that it was not fitted to.
package struct FeedbackTrial {
  /// Rows that are tried.
  private static let sampleCount = 256

  /// Shares of what inputs have lost that are tried.
  private static let driftShares: [Float] = [0, 0.5, 1]

  /// What the outputs of the rows lose by held-out moments: coded one by one, and with feedback.
  package let plain: Double
  package let fitted: Double
  /// The smaller of both, as of all rows of the weight.
  package let least: Double
  /// How the weight should be coded; nil: one by one.
  package let best: Feedback?

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
    let heldOut = curvature.heldOut(moments)
    let shares = curvature.drift == nil ? [0] : FeedbackTrial.driftShares
    let all = shares.map { Feedback(curvature, driftShare: $0) }
    let tiles = (count + FeedbackLanes.count - 1) / FeedbackLanes.count
    // Of each tile: coded one by one, and with each kind of feedback.
    let losses = Mutex([[Double]](repeating: [], count: tiles))
    Parallel.forEach(
      tiles,
      scratch: { [Float](repeating: 0, count: FeedbackLanes.count * columns) }
    ) { index, values in
      let samples = index * FeedbackLanes.count..<min(count, (index + 1) * FeedbackLanes.count)
      let own = values.withUnsafeMutableBufferPointer { values in
        let stored = samples.enumerated().map { place, sample in
          let row = sample * rows / count
          let own = UnsafeMutableBufferPointer(
            rebasing: values[place * columns..<(place + 1) * columns])
          read(row..<row + 1, own)
          return format.search(UnsafeBufferPointer(own), importance: importance)
        }
        var losses: [Double] = []
        for feedback in all {
          let tile = format.tile(feedback)
          tile.load(UnsafeBufferPointer(values), stored)
          if losses.isEmpty {
            tile.round()
            losses.append(tile.loss(heldOut))
          }
          tile.fit()
          losses.append(tile.loss(heldOut))
        }
        return losses
      }
      losses.withLock { $0[index] = own }
    }
    let sums = losses.withLock { losses in
      (0...all.count).map { kind in losses.reduce(0) { $0 + $1[kind] } }
    }
    let kind = (1...all.count).min { sums[$0] < sums[$1] } ?? 1
    (plain, fitted) = (sums[0], sums[kind])
    least = min(plain, fitted) * Double(rows) / Double(max(1, count))
    best = fitted < plain ? all[kind - 1] : nil
  }
}
