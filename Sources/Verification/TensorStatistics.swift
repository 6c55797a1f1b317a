// SPDX-License-Identifier: Apache-2.0

import Checkpoints
package import Models
import Tensors

/// What became of one tensor, and what it costs.
package struct TensorStatistics: Sendable, Equatable {
  /// The candidate with this tensor as it was in the original, on a sample of the data.
  package struct Trial: Sendable, Equatable {
    /// Mean KL over the sample, in nats, as it is.
    package let before: Double
    /// By how much it falls with the tensor raised; the interval pairs the two runs.
    package let saving: Estimate
    package let tokenCount: Int

    /// Mean KL over the sample with the tensor raised.
    package var after: Double { before - saving.value }

    package init(before: Double, saving: Estimate, tokenCount: Int) {
      self.before = before
      self.saving = saving
      self.tokenCount = tokenCount
    }
  }

  package let part: PartDeclaration.Kind
  /// The parameter's name in a GGUF, which no two of a part have in common.
  package let key: String
  package let role: String
  package let layer: Int?
  /// The candidate's tensor; the first one of several.
  package let name: String
  package let referenceStorage: String
  package let storage: String
  package let referenceByteCount: Int
  package let byteCount: Int
  package let weightCount: Int
  /// ‖W − V‖ / ‖W‖.
  package let weightError: Double
  /// ‖XWᵀ − XVᵀ‖ / ‖XWᵀ‖ with the original's own inputs X of a sample; nil for what is no linear
  /// layer, or was not reached.
  package var outputError: Estimate?
  /// Of the tensors with the largest output errors.
  package var trial: Trial?

  package init(
    part: PartDeclaration.Kind, key: String, role: String, layer: Int?, name: String,
    referenceStorage: String,
    storage: String, referenceByteCount: Int, byteCount: Int, weightCount: Int, weightError: Double
  ) {
    self.part = part
    self.key = key
    self.role = role
    self.layer = layer
    self.name = name
    self.referenceStorage = referenceStorage
    self.storage = storage
    self.referenceByteCount = referenceByteCount
    self.byteCount = byteCount
    self.weightCount = weightCount
    self.weightError = weightError
  }

  init(of pair: ParameterPair, weightError: Double) {
    let (ours, theirs) = (pair.reference, pair.candidate)
    self.init(
      part: ours.parameter.part, key: ours.parameter.ggufName, role: pair.role,
      layer: ours.parameter.layer,
      name: theirs.tensors.first?.name ?? "", referenceStorage: ours.tensors.first?.storage ?? "",
      storage: theirs.tensors.first?.storage ?? "",
      referenceByteCount: ours.tensors.reduce(0) { $0 + $1.totalByteCount },
      byteCount: theirs.tensors.reduce(0) { $0 + $1.totalByteCount },
      weightCount: (ours.parameter.shape.elementCount ?? 0) * (ours.parameter.expertCount ?? 1),
      weightError: weightError)
  }
}
