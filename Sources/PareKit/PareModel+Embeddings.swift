// SPDX-License-Identifier: Apache-2.0

import Models

extension PareModel {
  /// Whether this model and all candidates give embeddings of texts.
  ///
  /// - Throws: ``PareError`` if some do, and others predict tokens.
  func givesEmbeddings(like candidates: [PareModel]) throws(PareError) -> Bool {
    let own = model.givesEmbeddings
    guard let other = candidates.first(where: { $0.model.givesEmbeddings != own }) else {
      return own
    }
    let (giving, predicting) = own ? (self, other) : (other, self)
    throw PareError(
      "\(giving.model.path) gives embeddings of texts, \(predicting.model.path) predicts tokens; only "
        + "models that give the same can be compared")
  }
}

extension PareVerification.Options {
  /// - Throws: ``PareError`` for what needs predictions of tokens.
  func checkForEmbeddings() throws(PareError) {
    let asked = [
      ("tensors", (trialCount ?? 0) > 0), ("rounded", roundsActivations),
      ("noise-floor", measuresNoiseFloor),
    ]
    guard let (name, _) = asked.first(where: { $0.1 }) else { return }
    throw PareError(
      "\(name): it is judged by predictions of tokens, and the models give embeddings of texts; leave "
        + "it out")
  }
}
