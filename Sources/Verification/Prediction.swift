// SPDX-License-Identifier: Apache-2.0

import CKernels
import Layers
package import LinearAlgebra
import Parallelism
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// How two models' predictions of one token differ.
package struct Prediction: Sendable, Equatable {
  /// KL(reference ‖ candidate) over the whole vocabulary, in nats.
  package var divergence = 0.0
  /// Whether the most likely token is the same.
  package var agrees = false
  /// How many of the reference's five most likely tokens are among the candidate's five.
  package var sharedTopFive = 0
  /// The negative log-likelihood of the token that really came, in nats.
  package var referenceLoss = 0.0
  package var candidateLoss = 0.0

  package init() {}

  /// By how much the candidate finds the token that really came more likely, from -1 to 1.
  package var shift: Double { exp(-candidateLoss) - exp(-referenceLoss) }

  /// Compares predictions.
  ///
  /// - Parameters:
  ///   - reference: Logits, `[predictions, vocabulary]`, all finite.
  ///   - candidate: The same of the other model.
  ///   - targets: The tokens that really came.
  /// - Returns: One for each row.
  package static func compare(
    reference: Matrix, candidate: Matrix, targets: [Int]
  ) -> [Prediction] {
    precondition(
      reference.rows == targets.count && candidate.rows == reference.rows
        && candidate.columns == reference.columns)
    let rows = Mutex([Prediction](repeating: Prediction(), count: targets.count))
    let columns = reference.columns
    reference.values.withUnsafeBufferPointer { p in
      candidate.values.withUnsafeBufferPointer { q in
        let p = SharedReads(p)
        let q = SharedReads(q)
        Parallel.forEach(targets.count) { index in
          let row = Prediction(
            p.base + index * columns, q.base + index * columns, columns, target: targets[index])
          rows.withLock { $0[index] = row }
        }
      }
    }
    return rows.withLock { $0 }
  }

  private init(
    _ p: UnsafePointer<Float>, _ q: UnsafePointer<Float>, _ count: Int, target: Int
  ) {
    var both = pk_distributions()
    pk_compare_distributions(.current, p, q, count, &both)
    // Rounding can leave a tiny negative number where the two are alike.
    divergence = max(0, both.divergence)
    referenceLoss = both.p_log_sum - Double(p[target])
    candidateLoss = both.q_log_sum - Double(q[target])
    let (ours, theirs) = (Prediction.mostLikely(p, count), Prediction.mostLikely(q, count))
    agrees = ours.first == theirs.first
    sharedTopFive = ours.count { theirs.contains($0) }
  }

  /// The five tokens of the largest logits, the largest first, of equal ones the lowest first.
  private static func mostLikely(_ logits: UnsafePointer<Float>, _ count: Int) -> [Int] {
    var best: [Int] = []
    var least = -Float.infinity
    for token in 0..<count where logits[token] > least || best.count < 5 {
      let place = best.firstIndex { logits[token] > logits[$0] } ?? best.count
      best.insert(token, at: place)
      if best.count > 5 { best.removeLast() }
      if best.count == 5 { least = logits[best[4]] }
    }
    return best
  }
}
