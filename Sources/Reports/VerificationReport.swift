// SPDX-License-Identifier: Apache-2.0

import Notation
package import Verification

/// What a conversion cost, for people.
package struct VerificationReport: Sendable {
  let report: ComparisonReport
  let outcomes: [Gate.Outcome]

  /// - Parameters:
  ///   - report: What was measured.
  ///   - outcomes: What came of the limits.
  package init(_ report: ComparisonReport, outcomes: [Gate.Outcome]) {
    self.report = report
    self.outcomes = outcomes
  }

  package var text: String {
    var text = sizes.text + "\n" + figures.text
    let lines = answerLines + visionLines + embeddingLines
    for line in lines { text += "\n" + line }
    if !lines.isEmpty { text += "\n" }
    if !trials.isEmpty { text += "\n" + trials.text + (verdictLines.isEmpty ? "" : "\n") }
    for line in verdictLines { text += line + "\n" }
    return text
  }

  /// Findings in the files that a terminal shows; the rest is in the reports.
  private static let shownFindings = 5

  /// What decides whether the conversion passes: errors in its files, then limits.
  var verdictLines: [String] {
    let findings = report.structure?.findings ?? []
    let errors = findings.filter { $0.severity == .error }
    var lines = errors.prefix(VerificationReport.shownFindings).map {
      StructureRendering.line(of: $0)
    }
    let rest = errors.count - lines.count
    let warnings = findings.count - errors.count
    if rest > 0 { lines.append("  and \(rest) more; pare verify --structure has all") }
    if warnings > 0 {
      lines.append(
        "\(warnings) \(warnings == 1 ? "warning" : "warnings") about the files; "
          + "pare verify --structure shows them")
    }
    return lines
      + outcomes.map {
        "\(VerificationReport.word($0.verdict)): \(VerificationReport.sentence($0))"
      }
  }

  /// Why the conversion does not pass, a sentence each; empty if it does.
  package var failures: [String] {
    (report.structure?.errors ?? []).map(\.sentence)
      + outcomes.filter { !$0.isKept }.map(VerificationReport.sentence)
  }

  /// The tensors that were put back one by one as they were: what gains most comes first.
  var trials: TextTable {
    var table = TextTable([
      ("as it was before", .left), ("type", .left), ("error of outputs", .right),
      ("of weights", .right), ("mean KL now", .right), ("then less by", .right),
      ("95 % interval", .right), ("costs", .right),
    ])
    let tried = report.tensors.compactMap { tensor in tensor.trial.map { (tensor, $0) } }
    for (tensor, trial) in tried.sorted(by: { $0.1.after < $1.1.after }) {
      table.append([
        VerificationReport.name(of: tensor), tensor.storage,
        Figures.percent(tensor.outputError?.value ?? 0), Figures.percent(tensor.weightError),
        Figures.small(trial.before), Figures.small(trial.saving.value),
        VerificationReport.interval(trial.saving, Figures.small),
        VerificationReport.signed(tensor.referenceByteCount - tensor.byteCount),
      ])
    }
    return table
  }

  private static func signed(_ bytes: Int) -> String {
    (bytes < 0 ? "-" : "+") + Figures.bytes(abs(bytes))
  }

  static func name(of tensor: TensorStatistics) -> String {
    tensor.role + (tensor.layer.map { ", layer \($0)" } ?? "") + " (\(tensor.name))"
  }

  var sizes: TextTable {
    var sizes = TextTable([
      ("", .left), ("size", .right), ("bits a weight", .right), ("tokens/s", .right),
    ])
    for subject in [report.reference, report.candidate] {
      sizes.append([
        subject.name, Figures.bytes(subject.byteCount), Figures.decimal(subject.bitsPerWeight, 2),
        Figures.decimal(Double(subject.tokenCount) / max(subject.seconds, 1e-9), 0),
      ])
    }
    return sizes
  }

  var predictions: TextTable {
    var table = TextTable([
      ("", .left), ("tokens", .right), ("mean KL", .right), ("95 % interval", .right),
      ("p99", .right), ("p99.9", .right), ("largest", .right), ("same top-1", .right),
      ("top-5", .right), ("perplexity", .right), ("before", .right),
    ])
    func append(_ name: String, _ figures: TokenSummary) {
      table.append([
        name, "\(figures.tokenCount)", Figures.small(figures.meanDivergence.value),
        VerificationReport.interval(figures.meanDivergence, Figures.small),
        Figures.small(figures.p99Divergence.value), Figures.small(figures.p999Divergence.value),
        Figures.small(figures.largestDivergence), Figures.percent(figures.agreement.value),
        Figures.percent(figures.topFiveAgreement.value),
        Figures.decimal(figures.candidatePerplexity, 3),
        Figures.decimal(figures.referencePerplexity, 3),
      ])
    }
    for group in report.groups { append(group.name, group.summary) }
    for group in report.rounded { append("\(group.name), rounded", group.summary) }
    for group in report.noiseFloor { append("noise floor, \(group.name)", group.summary) }
    return table
  }

  var answerLines: [String] {
    let answers = report.answers
    guard !answers.answers.isEmpty else { return [] }
    var lines: [String] = []
    if !answers.judged.isEmpty {
      lines.append(
        "answers right: \(answers.candidateRightCount) of \(answers.judged.count), before "
          + "\(answers.referenceRightCount): \(answers.lostCount) lost, \(answers.gainedCount) gained"
      )
    }
    let parting =
      answers.medianParting.map { "; where they part, after \($0) tokens in the median" } ?? ""
    lines.append(
      "answers the same: \(answers.sameCount) of \(answers.answers.count)\(parting)")
    return lines
  }

  var visionLines: [String] {
    guard let worst = report.vision.worst else { return [] }
    let vision = report.vision
    return [
      "images seen: cosine \(Figures.near(vision.mean(\.connector.cosine).value)) in the mean, "
        + "\(Figures.near(worst.connector.cosine)) at the least (\(worst.path)); "
        + "of the encoder alone \(Figures.near(vision.mean(\.encoder.cosine).value))"
    ]
  }

  static func interval(_ estimate: Estimate, _ figure: (Double) -> String) -> String {
    estimate.interval.map { "\(figure($0.lowerBound)) – \(figure($0.upperBound))" } ?? "none"
  }

  static func word(_ verdict: Gate.Verdict) -> String {
    verdict == .undecided ? "not decided" : verdict.rawValue
  }

  /// One sentence for an outcome: the group, the figure with its interval, the limit, what to do.
  package static func sentence(_ outcome: Gate.Outcome) -> String {
    let (gate, estimate) = (outcome.gate, outcome.estimate)
    let figure = gate.figure.isMinimum ? Figures.near : Figures.precise
    let limit =
      gate.isBaseline
      ? "the baseline has \(figure(gate.limit))"
      : "\(gate.figure.isMinimum ? "at least" : "at most") \(gate.limit) is asked for"
    var text = "\(outcome.group): the \(gate.figure.rawValue) is \(figure(estimate.value))"
    if let interval = estimate.interval {
      text += ", between \(figure(interval.lowerBound)) and "
      text += "\(figure(interval.upperBound)) with 95 % confidence"
    }
    text += "; \(limit)"
    guard outcome.verdict == .undecided else { return text }
    if estimate.interval == nil {
      return text + "; one sample has no interval: give more data"
    }
    if let needed = outcome.neededCount {
      return text + "; \(outcome.sampleCount) \(outcome.unit) are too few to decide it, about "
        + "\(needed) would be enough"
    }
    return text
      + "; the limit is so near that \(outcome.sampleCount) \(outcome.unit) do not decide it"
  }
}
