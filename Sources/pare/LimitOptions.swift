// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PareKit

/// What a conversion may cost.
struct LimitOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("The most that the mean KL divergence may be, in nats.", valueName: "x"))
  var maxKl: Double?

  @Option(
    help: ArgumentHelp(
      "The most that the 99th percentile of the KL divergence may be, in nats.", valueName: "x"))
  var maxKlP99: Double?

  @Option(
    help: ArgumentHelp(
      "The least share of predictions with the same most likely token, 0 to 1.",
      valueName: "share"))
  var minAgreement: Double?

  @Option(
    help: ArgumentHelp(
      "The most that the perplexity may be, as a multiple of the original's.", valueName: "x"))
  var maxPerplexityRatio: Double?

  @Option(
    help: ArgumentHelp(
      "The least share of questions that are answered exactly as expected, 0 to 1.",
      valueName: "share"))
  var minAnswers: Double?

  @Option(
    help: ArgumentHelp(
      "The least mean cosine between what both make of an image, -1 to 1.", valueName: "x"))
  var minVisionCosine: Double?

  @Option(
    help: ArgumentHelp(
      "The least mean cosine between both embeddings of a text, -1 to 1.", valueName: "x"))
  var minCosine: Double?

  @Option(
    name: .customLong("limits"),
    help: ArgumentHelp(
      "Limits in YAML, the names as here without dashes; below images, answers or text for that group.",
      valueName: "file"))
  var file: String?

  @Option(
    help: ArgumentHelp(
      "An earlier report.json on the same data: what is surely worse fails.", valueName: "file"))
  var baseline: String?

  /// Whether there is any.
  var isGiven: Bool {
    !numbers.isEmpty || file != nil || baseline != nil
  }

  func validate() throws {
    do { try numbers.check() } catch { throw ValidationError("--\(error)") }
  }

  func limits() throws -> PareLimits {
    var limits = numbers
    if let file { try limits.add(file: file) }
    limits.baseline = baseline
    return limits
  }

  /// Those that are options of their own.
  private var numbers: PareLimits {
    var limits = PareLimits()
    limits.meanDivergence = maxKl
    limits.p99Divergence = maxKlP99
    limits.agreement = minAgreement
    limits.perplexityRatio = maxPerplexityRatio
    limits.rightAnswers = minAnswers
    limits.visionCosine = minVisionCosine
    limits.cosine = minCosine
    return limits
  }
}
