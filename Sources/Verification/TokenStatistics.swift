// SPDX-License-Identifier: Apache-2.0

import CKernels
package import LinearAlgebra
import Parallelism
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// How the predictions of two models for the same tokens differ, summed in f64.
package struct TokenStatistics: Sendable, Equatable {
  /// Predictions that were compared.
  package private(set) var count = 0
  private var divergence = 0.0
  /// The largest divergence of a single prediction, in nats.
  package private(set) var largestDivergence = 0.0
  private var agreements = 0
  private var referenceLoss = 0.0
  private var candidateLoss = 0.0

  package init() {}

  /// Mean of KL(reference ‖ candidate) over the whole vocabulary, in nats.
  package var meanDivergence: Double { count > 0 ? divergence / Double(count) : 0 }
  /// The share of predictions whose most likely token is the same.
  package var agreement: Double { count > 0 ? Double(agreements) / Double(count) : 1 }
  /// exp of the mean negative log-likelihood of the actual tokens.
  package var referencePerplexity: Double { perplexity(referenceLoss) }
  package var candidatePerplexity: Double { perplexity(candidateLoss) }

  private func perplexity(_ loss: Double) -> Double {
    count > 0 ? exp(loss / Double(count)) : 1
  }

  /// Adds predictions.
  ///
  /// - Parameters:
  ///   - reference: Logits, `[predictions, vocabulary]`, all finite.
  ///   - candidate: The same of the other model.
  ///   - targets: The tokens that really came.
  package mutating func add(reference: Matrix, candidate: Matrix, targets: [Int]) {
    precondition(
      reference.rows == targets.count && candidate.rows == reference.rows
        && candidate.columns == reference.columns)
    let rows = Mutex([Row](repeating: Row(), count: targets.count))
    let columns = reference.columns
    reference.values.withUnsafeBufferPointer { p in
      candidate.values.withUnsafeBufferPointer { q in
        let p = SharedReads(p)
        let q = SharedReads(q)
        Parallel.forEach(targets.count) { index in
          let row = Row(
            p.base + index * columns, q.base + index * columns, columns, target: targets[index])
          rows.withLock { $0[index] = row }
        }
      }
    }
    for row in rows.withLock({ $0 }) {
      count += 1
      divergence += row.divergence
      largestDivergence = max(largestDivergence, row.divergence)
      agreements += row.agrees ? 1 : 0
      referenceLoss += row.referenceLoss
      candidateLoss += row.candidateLoss
    }
  }

  /// Adds what was counted elsewhere.
  package mutating func add(_ other: TokenStatistics) {
    count += other.count
    divergence += other.divergence
    largestDivergence = max(largestDivergence, other.largestDivergence)
    agreements += other.agreements
    referenceLoss += other.referenceLoss
    candidateLoss += other.candidateLoss
  }

  /// One prediction.
  private struct Row: Sendable {
    var divergence = 0.0
    var agrees = false
    var referenceLoss = 0.0
    var candidateLoss = 0.0

    init() {}

    init(
      _ p: UnsafePointer<Float>, _ q: UnsafePointer<Float>, _ count: Int, target: Int
    ) {
      let pSum = pk_log_sum_exp(p, count)
      let qSum = pk_log_sum_exp(q, count)
      // Rounding can leave a tiny negative number where the two are alike.
      divergence = max(0, pk_kl_divergence(p, pSum, q, qSum, count))
      referenceLoss = pSum - Double(p[target])
      candidateLoss = qSum - Double(q[target])
      var (best, other) = (0, 0)
      for i in 1..<max(count, 1) {
        if p[i] > p[best] { best = i }
        if q[i] > q[other] { other = i }
      }
      agrees = best == other
    }
  }
}
