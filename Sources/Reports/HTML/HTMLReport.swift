// SPDX-License-Identifier: Apache-2.0

import Verification

/// The report as one page that needs nothing else: no script, no font, no other file.
package struct HTMLReport: Sendable {
  /// Answers that changed are shown up to this many.
  package static let answerLimit = 24
  /// Findings in the files, too.
  package static let findingLimit = 24

  private let report: VerificationReport
  private let images: [String: String]

  /// - Parameters:
  ///   - report: What was found.
  ///   - images: `data:` addresses of images, by their paths; others are left out.
  package init(_ report: VerificationReport, images: [String: String]) {
    self.report = report
    self.images = images
  }

  private var comparison: ComparisonReport { report.report }
  private var gated: [ComparisonReport.Group] { comparison.groups.filter(\.isGated) }

  package var text: String {
    let parts = [
      head, findings, gates, charts, predictions, embeddings, blocks, tensors, vision, answers,
      HTMLText.footer(report.legend),
    ]
    return HTMLText.page(title: "\(comparison.candidate.name): what the conversion cost", parts)
  }

  private var head: String {
    let (a, b) = (comparison.reference, comparison.candidate)
    var figures = [
      ("size", "\(Figures.bytes(b.byteCount))", "was \(Figures.bytes(a.byteCount))"),
      (
        "bits a weight", Figures.decimal(b.bitsPerWeight, 2),
        "was \(Figures.decimal(a.bitsPerWeight, 2))"
      ),
    ]
    for group in gated {
      let mean = group.summary.meanDivergence
      figures.append(
        (
          "mean KL, \(group.name)", Figures.small(mean.value),
          VerificationReport.interval(mean, Figures.small)
        ))
    }
    if let cosine = comparison.embeddings?.cosine {
      figures.append(
        (
          "cosine of embeddings", Figures.near(cosine.value),
          VerificationReport.interval(cosine, Figures.near)
        ))
    }
    if !comparison.answers.judged.isEmpty {
      let answers = comparison.answers
      figures.append(
        (
          "answers right", "\(answers.candidateRightCount) of \(answers.judged.count)",
          "\(answers.lostCount) lost, \(answers.gainedCount) gained"
        ))
    }
    let cells = figures.map { label, value, note in
      HTMLText.element(
        "div",
        Markup.escaped(label) + HTMLText.element("b", Markup.escaped(value))
          + Markup.escaped(note))
    }
    return HTMLText.element("h1", Markup.escaped(b.name))
      + HTMLText.element(
        "p", "beside \(Markup.escaped(a.name)), \(Markup.escaped(a.architecture))")
      + HTMLText.element("div", class: "figures", cells.joined())
  }

  private var gates: String {
    guard !report.outcomes.isEmpty else { return "" }
    let kept = report.outcomes.count(where: \.isKept)
    let items = report.outcomes.map { outcome in
      let verdict = outcome.verdict.rawValue
      return HTMLText.element(
        "li",
        HTMLText.element(
          "span", class: "tag \(verdict)", VerificationReport.word(outcome.verdict))
          + Markup.escaped(VerificationReport.sentence(outcome)))
    }
    return HTMLText.element(
      "section",
      HTMLText.element("h2", "\(kept) of \(report.outcomes.count) limits kept")
        + HTMLText.element("ul", class: "gates", items.joined(separator: "\n")))
  }

  private var findings: String {
    let findings = comparison.structure?.findings ?? []
    guard !findings.isEmpty else { return "" }
    let items = findings.prefix(HTMLReport.findingLimit).map { finding in
      let style = finding.severity == .error ? "failed" : "undecided"
      return HTMLText.element(
        "li",
        HTMLText.element("span", class: "tag \(style)", finding.severity.rawValue)
          + Markup.escaped(finding.sentence))
    }
    let errors = findings.count { $0.severity == .error }
    return HTMLText.element(
      "section",
      HTMLText.element(
        "h2", "In the files: \(errors) errors, \(findings.count - errors) warnings")
        + HTMLText.element("ul", class: "gates", items.joined(separator: "\n")))
  }

  /// Where the error arises, block by block.
  private var blocks: String {
    guard !comparison.blocks.isEmpty else { return "" }
    let charts = DivergenceCharts.byBlock(comparison.blocks).map { part, chart in
      HTMLText.element("div", HTMLText.element("h3", Markup.escaped(part)) + chart.svg)
    }
    return HTMLText.element(
      "section",
      HTMLText.element("h2", "Error of outputs, block by block")
        + HTMLText.element(
          "p", "‖x − y‖ / ‖x‖ of what each block gives; the errors of earlier blocks are in it.")
        + HTMLText.element("div", class: "two", charts.joined()) + layers)
  }

  /// How predictions part, layer by layer.
  private var layers: String {
    guard comparison.layers.count > 1 else { return "" }
    return HTMLText.element("h2", "Predictions, layer by layer")
      + HTMLText.element(
        "p",
        "Mean KL divergence if the models ended after a layer: its hidden states go through the last "
          + "norm and the output matrix at once (logit lens), on a sample of the data. The last is "
          + "that of the whole models.")
      + DivergenceCharts.byLayer(comparison.layers).svg
  }

  private var tensors: String {
    let map = TensorMap(comparison.tensors)
    guard !map.isEmpty else { return "" }
    var text =
      HTMLText.element("h2", "Error of outputs, tensor by tensor")
      + HTMLText.element(
        "p",
        "‖XWᵀ − XVᵀ‖ / ‖XWᵀ‖ with the original’s own inputs X: what this tensor alone adds. The "
          + "darkest cell is \(Figures.percent(map.largest)).") + map.html
    if !report.trials.isEmpty {
      text +=
        HTMLText.element("h2", "What single tensors cost")
        + HTMLText.element(
          "p", "The conversion with one tensor as it was before, on a sample of the data.")
        + HTMLText.table(report.trials)
    }
    return HTMLText.element("section", text)
  }

  private var predictions: String {
    guard comparison.embeddings == nil else { return "" }
    return HTMLText.element(
      "section", HTMLText.element("h2", "Predictions") + HTMLText.table(report.figures))
  }

  private var embeddings: String {
    guard comparison.embeddings != nil else { return "" }
    return HTMLText.element(
      "section",
      HTMLText.element("h2", "Embeddings") + HTMLText.table(report.figures)
        + HTMLText.element("h2", "Texts whose embeddings are least alike")
        + HTMLText.table(report.leastAlike))
  }

  private var charts: String {
    guard !gated.isEmpty else { return "" }
    let legend = gated.enumerated().map { index, group in
      "<span><i class=\"b\(index % 5)\"></i>\(Markup.escaped(group.name))</span>"
    }.joined()
    func card(_ title: String, _ chart: HTMLChart) -> String {
      HTMLText.element(
        "section",
        HTMLText.element("h2", title) + chart.svg + HTMLText.element("div", class: "legend", legend)
      )
    }
    return HTMLText.element(
      "div", class: "two",
      card("How far single predictions are off", DivergenceCharts.distribution(gated))
        + card("Mean KL along a document", DivergenceCharts.byPosition(gated)))
  }

  private var vision: String {
    let images = comparison.vision.images
    guard !images.isEmpty else { return "" }
    return HTMLText.element(
      "section",
      HTMLText.element("h2", "How images are seen")
        + report.visionLines.map { HTMLText.element("p", Markup.escaped($0)) }.joined()
        + DivergenceCharts.errors(of: images).svg
        + HTMLText.element(
          "p", "Relative error of what the language model sees, for each image of the data."))
  }

  private var answers: String {
    let all = comparison.answers.answers
    let changed = all.filter { $0.firstParting != nil }
    guard !all.isEmpty else { return "" }
    // What became wrong comes first.
    let worst = changed.filter { $0.referenceIsRight && !$0.candidateIsRight }
    let rest = changed.filter { !($0.referenceIsRight && !$0.candidateIsRight) }
    let cards = (worst + rest).prefix(HTMLReport.answerLimit).map(card)
    return HTMLText.element(
      "section",
      HTMLText.element("h2", "Answers that changed: \(changed.count) of \(all.count)")
        + report.answerLines.map { HTMLText.element("p", Markup.escaped($0)) }.joined()
        + HTMLText.element("div", class: "answers", cards.joined(separator: "\n")))
  }

  private func card(_ answer: AnswerStatistics.Answer) -> String {
    let pictures = answer.images.compactMap { images[$0] }.map {
      "<img src=\"\(Markup.escaped($0))\" alt=\"\">"
    }
    let verdict =
      answer.expected == nil
      ? "" : answer.candidateIsRight ? " class=\"kept\"" : " class=\"failed\""
    var rows = "<dt>before</dt><dd>\(Markup.escaped(answer.reference))</dd>"
    rows += "<dt>now</dt><dd\(verdict)>\(Markup.escaped(answer.candidate))</dd>"
    if let expected = answer.expected {
      rows += "<dt>expected</dt><dd>\(Markup.escaped(expected))</dd>"
    }
    return HTMLText.element(
      "div", class: "answer",
      pictures.joined() + HTMLText.element("b", Markup.escaped(answer.question))
        + HTMLText.element("dl", rows))
  }
}
