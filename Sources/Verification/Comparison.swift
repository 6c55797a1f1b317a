// SPDX-License-Identifier: Apache-2.0

import LinearAlgebra
package import Models
import Tokenizers

/// Runs two models on the same data and measures how they differ.
package struct Comparison {
  package struct Options: Sendable {
    /// Tokens of a window of text; at most the models' context.
    package var window = 512
    /// The most questions and windows of text; nil for all.
    package var sampleLimit: Int?
    /// The most tokens of a generated answer.
    package var answerLimit = 64

    package init() {}
  }

  /// How far a comparison is.
  package struct Progress: Sendable {
    package let count: Int
    package let total: Int
    package let activity: String
  }

  private let reference: EvaluatedModel
  private let candidate: EvaluatedModel
  private let options: Options
  private let report: (Progress) -> Void

  /// Rows and logits that are computed at once: they bound the memory.
  private static let batchRows = 2_048
  private static let batchLogits = 64 << 20
  private static let questionsAtOnce = 32

  /// - Throws: ``ModelError`` if the two do not speak of the same tokens.
  package init(
    reference: Model, candidate: Model, options: Options,
    report: @escaping (Progress) -> Void = { _ in }
  ) throws(ModelError) {
    self.reference = try EvaluatedModel(reference)
    self.candidate = try EvaluatedModel(candidate)
    self.options = options
    self.report = report
    let (a, b) = (reference.tokenizer.vocabulary, candidate.tokenizer.vocabulary)
    let count = max(self.reference.vocabularySize, self.candidate.vocabularySize)
    let (ours, theirs) = (a.padded(to: count).pieces, b.padded(to: count).pieces)
    guard ours == theirs else {
      let token = zip(ours, theirs).prefix { $0 == $1 }.count
      func piece(_ pieces: [String]) -> String {
        token < pieces.count ? "'\(pieces[token])'" : "missing"
      }
      throw .input(
        "\(candidate.path): its vocabulary is not that of \(reference.path): token \(token) is "
          + "\(piece(theirs)), expected \(piece(ours)); only models of the same tokens can be "
          + "compared")
    }
    guard self.reference.vocabularySize == self.candidate.vocabularySize else {
      throw .input(
        "\(candidate.path): it predicts \(self.candidate.vocabularySize) tokens, "
          + "\(reference.path) \(self.reference.vocabularySize); only models of the same tokens "
          + "can be compared")
    }
  }

  /// What has been found so far.
  private struct Findings {
    var tokens: [EvaluationSequence.Group: TokenStatistics] = [:]
    var answers = AnswerStatistics()
    var vision = VisionStatistics()
    var seenImages: Set<String> = []

    var groups: [ComparisonReport.Group] {
      EvaluationSequence.Group.allCases.compactMap { group in
        tokens[group].map {
          ComparisonReport.Group(
            name: group.rawValue, statistics: $0, isGated: !group.isPrompt)
        }
      }
    }
  }

  /// Compares the models on data.
  package func run(on data: Dataset) throws(ModelError) -> ComparisonReport {
    let context = min(reference.contextLength, candidate.contextLength)
    let builder = EvaluationBuilder(
      model: reference.model, prompts: try PromptBuilder(reference.model),
      window: max(2, min(options.window, context)), contextLength: context)
    let limit = options.sampleLimit ?? .max
    var findings = Findings()
    var windows: [EvaluationSequence] = []
    var questions: [Dataset.Question] = []
    for sample in data.samples where windows.count + questions.count < limit {
      switch sample {
      case .text(let text):
        windows += builder.windows(of: text).prefix(limit - windows.count - questions.count)
      case .question(let question): questions.append(question)
      }
    }
    for start in stride(from: 0, to: questions.count, by: Comparison.questionsAtOnce) {
      report(Progress(count: start, total: questions.count, activity: "questions"))
      let end = min(questions.count, start + Comparison.questionsAtOnce)
      try compare(Array(questions[start..<end]), with: builder, into: &findings)
      reference.forgetImages()
      candidate.forgetImages()
    }
    try compare(windows, activity: "text", into: &findings)
    guard !findings.tokens.isEmpty else {
      throw .input("\(data.path): there is nothing to compare the models on; give longer texts")
    }
    return ComparisonReport(
      reference: subject(reference), candidate: subject(candidate), groups: findings.groups,
      answers: findings.answers, vision: findings.vision)
  }

  /// Lets both models answer, and compares their predictions of the expected answers.
  private func compare(
    _ questions: [Dataset.Question], with builder: EvaluationBuilder,
    into findings: inout Findings
  ) throws(ModelError) {
    // Both compute the same images at once: products of other sizes round otherwise.
    let images = questions.compactMap(\.image)
    let (ours, theirs) = (try reference.views(of: images), try candidate.views(of: images))
    for ((path, before), after) in zip(zip(images, ours), theirs)
    where findings.seenImages.insert(path).inserted {
      guard before.embedding.rows == after.embedding.rows else {
        throw .input(
          "\(candidate.model.path): it sees '\(path)' as \(after.embedding.rows) tokens, "
            + "\(reference.model.path) as \(before.embedding.rows); compare models that take "
            + "images of one size")
      }
      findings.vision.add(
        VisionStatistics.Image(
          path: path, encoder: .init(before.encoded, after.encoded),
          connector: .init(before.embedding, after.embedding)))
    }
    var prompts: [EvaluationQuestion] = []
    for question in questions {
      let images = try reference.views(of: question.image.map { [$0] } ?? [])
      prompts.append(
        try builder.question(question, imageTokenCounts: images.map(\.embedding.rows)))
    }
    try compare(prompts, of: questions, with: builder, into: &findings)
  }

  private func compare(
    _ prompts: [EvaluationQuestion], of questions: [Dataset.Question],
    with builder: EvaluationBuilder, into findings: inout Findings
  ) throws(ModelError) {
    let ours = try reference.answers(to: prompts, limit: options.answerLimit)
    let theirs = try candidate.answers(to: prompts, limit: options.answerLimit)
    var sequences: [EvaluationSequence] = []
    for (index, prompt) in prompts.enumerated() {
      // Without an expected answer, the reference's own is what is compared.
      let answer = prompt.answerTokens ?? ours[index]
      let sequence = builder.sequence(prompt, answer: answer)
      if !sequence.parts.isEmpty { sequences.append(sequence) }
      findings.answers.add(
        AnswerStatistics.Answer(
          question: questions[index].prompt, image: prompt.image,
          expected: prompt.answer.map(Comparison.trimmed),
          reference: Comparison.trimmed(reference.text(of: ours[index])),
          candidate: Comparison.trimmed(candidate.text(of: theirs[index])),
          firstParting: Comparison.firstParting(ours[index], theirs[index])))
    }
    try compare(sequences, activity: nil, into: &findings)
  }

  /// Compares the models' predictions of tokens.
  private func compare(
    _ sequences: [EvaluationSequence], activity: String?, into findings: inout Findings
  ) throws(ModelError) {
    var start = 0
    while start < sequences.count {
      let batch = batch(of: sequences, from: start)
      if let activity {
        report(Progress(count: start, total: sequences.count, activity: activity))
      }
      let p = try reference.logits(batch)
      let q = try candidate.logits(batch)
      var row = 0
      let targets = batch.flatMap { sequence in
        sequence.parts.flatMap { $0.positions.map { sequence.tokens[$0] } }
      }
      let predictions = Prediction.compare(reference: p, candidate: q, targets: targets)
      for (group, positions) in batch.flatMap(\.parts) {
        let rows = row..<row + positions.count
        findings.tokens[group, default: TokenStatistics()].add(
          document: Array(predictions[rows]))
        row = rows.upperBound
      }
      start += batch.count
    }
  }

  /// As many sequences as fit the memory; at least one.
  private func batch(of sequences: [EvaluationSequence], from start: Int) -> [EvaluationSequence] {
    var batch: [EvaluationSequence] = []
    var (rows, logits) = (0, 0)
    for sequence in sequences[start...] {
      rows += sequence.tokens.count
      logits += sequence.scoredCount * reference.vocabularySize
      let fits = rows <= Comparison.batchRows && logits <= Comparison.batchLogits
      guard batch.isEmpty || fits else { break }
      batch.append(sequence)
    }
    return batch
  }

  private func subject(_ evaluated: EvaluatedModel) -> ComparisonReport.Subject {
    let model = evaluated.model
    let duration = evaluated.elapsed.components
    return ComparisonReport.Subject(
      name: model.name, path: model.path, architecture: model.architecture.name,
      byteCount: model.byteCount, weightCount: model.weightCount,
      tokenCount: evaluated.tokenCount,
      seconds: Double(duration.seconds) + Double(duration.attoseconds) * 1e-18)
  }

  /// The number of the first token that differs, or that only one has; nil if there is none.
  private static func firstParting(_ a: [Int], _ b: [Int]) -> Int? {
    a == b ? nil : zip(a, b).prefix { $0 == $1 }.count
  }

  private static func trimmed(_ text: String) -> String {
    var text = text[...]
    while text.first?.isWhitespace ?? false { text = text.dropFirst() }
    while text.last?.isWhitespace ?? false { text = text.dropLast() }
    return String(text)
  }
}
