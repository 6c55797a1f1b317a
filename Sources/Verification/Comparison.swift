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
    var images = TokenStatistics()
    var text = TokenStatistics()
    var questionCount = 0
    var rightAnswers = (reference: 0, candidate: 0)
    var sameAnswers = 0
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
    guard findings.images.count + findings.text.count > 0 else {
      throw .input("\(data.path): there is nothing to compare the models on; give longer texts")
    }
    return ComparisonReport(
      reference: subject(reference, rightAnswers: findings.rightAnswers.reference),
      candidate: subject(candidate, rightAnswers: findings.rightAnswers.candidate),
      images: findings.images, text: findings.text, questionCount: findings.questionCount,
      sameAnswers: findings.sameAnswers)
  }

  /// Lets both models answer, and compares their predictions of the expected answers.
  private func compare(
    _ questions: [Dataset.Question], with builder: EvaluationBuilder,
    into findings: inout Findings
  ) throws(ModelError) {
    // Both compute the same images at once: products of other sizes round otherwise.
    for model in [reference, candidate] {
      _ = try model.embeddings(of: questions.compactMap(\.image))
    }
    var prompts: [EvaluationQuestion] = []
    for question in questions {
      let images = try reference.embeddings(of: question.image.map { [$0] } ?? [])
      prompts.append(try builder.question(question, imageTokenCounts: images.map(\.rows)))
    }
    let ours = try reference.answers(to: prompts, limit: options.answerLimit)
    let theirs = try candidate.answers(to: prompts, limit: options.answerLimit)
    var sequences: [EvaluationSequence] = []
    for (index, prompt) in prompts.enumerated() {
      // Without an expected answer, the reference's own is what is compared.
      let answer = prompt.answerTokens ?? ours[index]
      let sequence = builder.sequence(prompt, answer: answer)
      if !sequence.scored.isEmpty { sequences.append(sequence) }
      guard let expected = prompt.answer.map(Comparison.trimmed) else { continue }
      findings.questionCount += 1
      findings.sameAnswers += ours[index] == theirs[index] ? 1 : 0
      let (first, second) = (reference.text(of: ours[index]), candidate.text(of: theirs[index]))
      findings.rightAnswers.reference += Comparison.trimmed(first) == expected ? 1 : 0
      findings.rightAnswers.candidate += Comparison.trimmed(second) == expected ? 1 : 0
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
      for sequence in batch {
        let rows = row..<row + sequence.scored.count
        let targets = Array(sequence.tokens[sequence.scored])
        switch sequence.kind {
        case .image:
          findings.images.add(
            reference: p.rows(rows), candidate: q.rows(rows), targets: targets)
        case .text:
          findings.text.add(
            reference: p.rows(rows), candidate: q.rows(rows), targets: targets)
        }
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
      logits += sequence.scored.count * reference.vocabularySize
      let fits = rows <= Comparison.batchRows && logits <= Comparison.batchLogits
      guard batch.isEmpty || fits else { break }
      batch.append(sequence)
    }
    return batch
  }

  private func subject(
    _ evaluated: EvaluatedModel, rightAnswers: Int
  ) -> ComparisonReport.Subject {
    let model = evaluated.model
    let duration = evaluated.elapsed.components
    return ComparisonReport.Subject(
      name: model.name, path: model.path, architecture: model.architecture.name,
      byteCount: model.byteCount, weightCount: model.weightCount,
      tokenCount: evaluated.tokenCount,
      seconds: Double(duration.seconds) + Double(duration.attoseconds) * 1e-18,
      rightAnswers: rightAnswers)
  }

  private static func trimmed(_ text: String) -> Substring {
    var text = text[...]
    while text.first?.isWhitespace ?? false { text = text.dropFirst() }
    while text.last?.isWhitespace ?? false { text = text.dropLast() }
    return text
  }
}
