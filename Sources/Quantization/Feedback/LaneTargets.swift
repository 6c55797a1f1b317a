// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import CKernels
import Tensors

/// What rows should be, in the order of coding: one in each lane.
struct LaneTargets {
  /// The rows of the weight, `[columns, lanes]`.
  private var values: [Float]
  /// What codes are looked for: the same, moved to make up for what the layer's inputs have lost.
  private(set) var targets: [Float]
  private let feedback: Feedback

  init(_ feedback: Feedback) {
    self.feedback = feedback
    values = [Float](repeating: 0, count: feedback.curvature.columns * FeedbackLanes.count)
    targets = values
  }

  /// Takes rows.
  ///
  /// With inputs x̂ in place of x, and H = Σ x̂ x̂ᵀ, outputs w x are made best by w + H⁻¹ Σ x̂ (x − x̂)ᵀ w.
  ///
  /// - Parameters:
  ///   - values: Rows one behind the other; what is no number counts as 0.
  ///   - rows: How many; lanes beyond become zeros.
  mutating func load(_ values: UnsafeBufferPointer<Float>, rows: Int) {
    let (order, lanes) = (feedback.curvature.order, FeedbackLanes.count)
    for lane in 0..<lanes {
      for (place, column) in order.enumerated() {
        let value = lane < rows ? values[lane * order.count + Int(column)] : 0
        self.values[place * lanes + lane] = value.isFinite ? value : 0
      }
    }
    targets = self.values
    guard feedback.driftShare > 0, let drift = feedback.curvature.drift else { return }
    var shifts = targets
    pk_feedback_shift(
      InstructionSet.current.kernel, drift, feedback.curvature.couplings,
      feedback.curvature.pivots, order.count, targets, &shifts)
    for place in targets.indices where shifts[place].isFinite {
      targets[place] += feedback.driftShare * shifts[place]
    }
  }

  /// What the outputs of all rows lose: Σ |w x − y x̂|², but for a number that is the same for all y.
  ///
  /// - Parameters:
  ///   - errors: By how much targets are above what rows have become, `[columns, lanes]`.
  ///   - moments: Of the inputs.
  /// - Returns: The sum.
  func loss(_ errors: [Float], _ moments: OrderedMoments) -> Double {
    guard let drift = moments.drift else {
      return FeedbackLanes.product(moments.products, errors, errors)
    }
    let own = errors.indices.map { errors[$0] + (values[$0] - targets[$0]) }
    return FeedbackLanes.product(moments.products, own, own)
      + 2 * FeedbackLanes.product(drift, own, values)
  }
}
