// SPDX-License-Identifier: Apache-2.0

import Models
import Notation
import Reports
import Verification

/// What a conversion cost.
public struct PareVerification: PareResult {
  private let report: ComparisonReport
  /// What went beyond the limits; empty if all were kept.
  public let failures: [String]

  init(_ report: ComparisonReport, failures: [String]) {
    self.report = report
    self.failures = failures
  }

  /// The mean KL divergence over all predictions, in nats.
  public var meanDivergence: Double { report.all.meanDivergence }
  /// The share of predictions with the same most likely token.
  public var agreement: Double { report.all.agreement }
  /// What a terminal shows.
  public var text: String { VerificationReport(report, failures: failures).text }
  /// The same as a JSON object.
  public var json: String { VerificationReport(report, failures: failures).json.text() + "\n" }
}

extension PareModel {
  /// Runs this model and a candidate on the same data.
  ///
  /// - Parameters:
  ///   - candidate: What was made of this model.
  ///   - data: Files of samples in JSON Lines, or of text.
  ///   - largestDivergence: The most that the mean KL divergence may be, in nats.
  ///   - smallestAgreement: The least share of equal most likely tokens, from 0 to 1.
  ///   - window: Tokens of a window of text.
  ///   - sampleLimit: The most questions and windows of text; nil for all.
  ///   - progress: Called now and then.
  /// - Returns: What was found; limits that were not kept are in it, they are no errors.
  /// - Throws: ``PareError`` if the two cannot be compared.
  public func verify(
    _ candidate: PareModel, data: [String], largestDivergence: Double? = nil,
    smallestAgreement: Double? = nil, window: Int = 512, sampleLimit: Int? = nil,
    progress: @escaping (PareProgress) -> Void = { _ in }
  ) throws(PareError) -> PareVerification {
    let gates =
      (largestDivergence.map { [Gate.largestDivergence($0)] } ?? [])
      + (smallestAgreement.map { [Gate.smallestAgreement($0)] } ?? [])
    var options = Comparison.Options()
    options.window = window
    options.sampleLimit = sampleLimit
    return try convertingErrors { () throws(ModelError) in
      let comparison = try Comparison(
        reference: model, candidate: candidate.model, options: options
      ) {
        progress(
          PareProgress(activity: $0.activity, done: $0.count, total: $0.total, isBytes: false))
      }
      let report = try comparison.run(on: try Dataset(paths: data))
      return PareVerification(report, failures: gates.flatMap { $0.failures(in: report) })
    }
  }
}
