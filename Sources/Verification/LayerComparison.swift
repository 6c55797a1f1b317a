// SPDX-License-Identifier: Apache-2.0

import Models

/// How far two models' predictions would be apart if they ended after one of their layers.
package struct LayerStatistics: Sendable, Equatable {
  package let layer: Int
  /// Mean KL over the sample, in nats.
  package let divergence: Estimate

  package init(layer: Int, divergence: Estimate) {
    self.layer = layer
    self.divergence = divergence
  }
}

/// Reads predictions off the hidden states after each layer of the language part: the last norm and
/// the output matrix of each model go over them as over those of the last layer.
///
/// Source: nostalgebraist, interpreting GPT: the logit lens (2020).
struct LayerComparison {
  let reference: Model
  let candidate: Model
  let sample: [EvaluationSequence]

  /// - Returns: In the order of the layers; none for models of different blocks.
  func run() throws(ModelError) -> [LayerStatistics] {
    guard !sample.isEmpty else { return [] }
    let (original, conversion) = (try EvaluatedModel(reference), try EvaluatedModel(candidate))
    var ours = try original.run(seeing: sample)
    var theirs = try conversion.run(seeing: sample)
    guard ours.places == theirs.places else { return [] }
    var layers: [LayerStatistics] = []
    while let place = ours.next {
      try original.advance(&ours)
      try conversion.advance(&theirs)
      guard let layer = place.layer, ours.next?.layer != layer else { continue }
      let statistics = TokenStatistics(
        sample,
        predictions: Prediction.compare(
          reference: try original.output(of: ours.endingHere()),
          candidate: try conversion.output(of: theirs.endingHere()),
          targets: sample.flatMap(\.targets)))
      let documents = statistics.documents
      let sums = documents.map { document in
        document.reduce(0.0) { $0 + statistics.predictions[$1].divergence }
      }
      layers.append(
        LayerStatistics(
          layer: layer,
          divergence: Estimate(
            statistics.meanDivergence,
            interval: Bootstrap(documentCount: documents.count)
              .interval(ofMean: sums, over: documents.map { Double($0.count) }))))
    }
    return layers
  }
}

extension TokenStatistics {
  /// Gathers the predictions that count: prompts are not what a model is asked for.
  ///
  /// - Parameters:
  ///   - sequences: Each is a document.
  ///   - predictions: Of all of their scored tokens, in order.
  init(_ sequences: [EvaluationSequence], predictions: [Prediction]) {
    self.init()
    var row = 0
    for sequence in sequences {
      var document: [Prediction] = []
      for part in sequence.parts {
        let rows = row..<row + part.positions.count
        if !part.group.isPrompt { document += predictions[rows] }
        row = rows.upperBound
      }
      add(document: document)
    }
  }
}
