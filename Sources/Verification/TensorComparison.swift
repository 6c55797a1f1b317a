// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import Layers
import LinearAlgebra
import Models
import Synchronization
import Tensors

/// Finds out what single tensors of a candidate cost, on a sample of the data.
///
/// The reference runs once, and each linear layer's inputs also go through the candidate's weights:
/// that tells each tensor's own error from those before it. The tensors with the largest are then
/// put back one by one as they were, and the candidate runs again.
struct TensorComparison {
  let reference: Model
  let candidate: Model
  let sample: [EvaluationSequence]
  /// How many tensors are put back; 0: nothing is done.
  let trialCount: Int
  let report: (Comparison.Progress) -> Void

  /// How rows of the sample may divide into documents: all tokens, or those that are predicted from.
  private var documents: [[Int]] { [sample.map(\.tokens.count), sample.map(\.scoredCount)] }

  /// Fills in what the statistics of weights leave open.
  func run(_ tensors: [TensorStatistics]) throws(ModelError) -> [TensorStatistics] {
    guard !sample.isEmpty, trialCount > 0 else { return tensors }
    var tensors = tensors
    var findings = Findings()
    let pairs = ParameterPair.all(of: reference, and: candidate, into: &findings)
    let errors = LinearErrors(pairs, documents: documents)
    var observing = ForwardPass.Options()
    observing.observers = errors.observer
    let ours = try EvaluatedModel(reference, options: observing).logits(seeing: sample)
    for index in tensors.indices {
      tensors[index].outputError = errors.relativeError(of: TensorPlace(tensors[index]))
    }
    let chosen = tensors.indices
      .filter { tensors[$0].largestFirst > 0 }
      .sorted { (tensors[$0].largestFirst, $1) > (tensors[$1].largestFirst, $0) }
      .prefix(trialCount)
    guard !chosen.isEmpty else { return tensors }
    let before = try divergences(from: ours, of: EvaluatedModel(candidate))
    for (done, index) in chosen.enumerated() {
      report(Comparison.Progress(count: done, total: chosen.count, activity: "single tensors"))
      let place = TensorPlace(tensors[index])
      let raised = pairs.first { TensorPlace($0.reference.parameter) == place }?.reference
      var raising = ForwardPass.Options()
      raising.exchange = { TensorPlace($0.parameter) == place ? raised : nil }
      let model = try EvaluatedModel(candidate, options: raising)
      tensors[index].trial = TensorStatistics.Trial(
        before: before, after: try divergences(from: ours, of: model))
    }
    return tensors
  }

  private func divergences(
    from reference: Matrix, of model: EvaluatedModel
  ) throws(ModelError) -> TokenStatistics {
    TokenStatistics(
      sample,
      predictions: Prediction.compare(
        reference: reference, candidate: try model.logits(seeing: sample),
        targets: sample.flatMap(\.targets)))
  }
}

extension TensorStatistics {
  /// What tensors are tried by; those of no linear layer are none.
  fileprivate var largestFirst: Double { outputError?.value ?? 0 }
}

extension TensorStatistics.Trial {
  /// - Parameters:
  ///   - before: The predictions of the candidate as it is.
  ///   - after: Those for the same tokens with the tensor raised.
  init(before: TokenStatistics, after: TokenStatistics) {
    let documents = before.documents
    let savings = documents.map { document in
      document.reduce(0.0) { sum, token in
        sum + before.predictions[token].divergence - after.predictions[token].divergence
      }
    }
    let bootstrap = Bootstrap(documentCount: documents.count)
    self.init(
      before: before.meanDivergence,
      saving: Estimate(
        before.meanDivergence - after.meanDivergence,
        interval: bootstrap.interval(ofMean: savings, over: documents.map { Double($0.count) })),
      tokenCount: before.count)
  }
}

/// Gathers how far the candidate's weights take the reference's inputs from its outputs.
private final class LinearErrors: Sendable {
  private let partners: [TensorPlace: BoundParameter]
  private let found = Mutex<[TensorPlace: OutputErrors]>([:])
  /// How rows may divide into documents: all tokens, or those that are predicted from.
  private let documents: [[Int]]

  init(_ pairs: [ParameterPair], documents: [[Int]]) {
    self.documents = documents
    partners = Dictionary(
      pairs.map { (TensorPlace($0.reference.parameter), $0.candidate) },
      uniquingKeysWith: { first, _ in first })
  }

  func relativeError(of place: TensorPlace) -> Estimate? {
    found.withLock { $0[place]?.relativeError }
  }

  /// Looks at a linear layer of the reference.
  func observer(_ parameter: Parameter, expert: Int) -> Linear.Observer? {
    let place = TensorPlace(parameter)
    guard let rows = parameter.shape.dimensions.first, let partner = partners[place],
      let weights = try? partner.matrices(rows: rows, order: .model),
      weights.indices.contains(expert)
    else { return nil }
    let linear = Linear(weight: weights[expert])
    return { [self] inputs, outputs, _ in
      guard inputs.columns == linear.weight.columns else { return }
      let own = linear(inputs)
      linear.weight.source.release()
      guard own.rows == outputs.rows, own.columns == outputs.columns else { return }
      let lengths = documents.first { $0.reduce(0, +) == outputs.rows } ?? [outputs.rows]
      found.withLock {
        $0[place, default: OutputErrors()].add(
          reference: outputs, candidate: own, lengths: lengths)
      }
    }
  }
}
