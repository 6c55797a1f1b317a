// SPDX-License-Identifier: Apache-2.0

import LinearAlgebra
package import Models
import Tokenizers

/// Runs a model that gives embeddings of texts and what was made of it on the same texts, block by
/// block in step, and measures how the embeddings differ.
package struct EmbeddingComparison {
  private let reference: EvaluatedModel
  private let candidates: [EvaluatedModel]
  private let window: Int
  private let sampleLimit: Int?
  private let report: (Comparison.Progress) -> Void

  /// Tokens that are computed at once.
  private static let batchTokens = 2_048

  /// Prepares a comparison.
  ///
  /// - Parameters:
  ///   - reference: The original.
  ///   - candidates: What was made of it; each is compared with the original.
  ///   - window: Tokens of a window of text; at most the models' context.
  ///   - sampleLimit: The most windows of text; nil for all.
  ///   - report: Called now and then.
  /// - Throws: ``ModelError`` if embeddings are of other tokens, or of another width.
  package init(
    reference: Model, candidates: [Model], window: Int, sampleLimit: Int? = nil,
    report: @escaping (Comparison.Progress) -> Void = { _ in }
  ) throws(ModelError) {
    self.reference = try EvaluatedModel(reference)
    var evaluated: [EvaluatedModel] = []
    for candidate in candidates { evaluated.append(try EvaluatedModel(candidate)) }
    for model in evaluated { try model.requireEmbeddings(of: self.reference) }
    self.candidates = evaluated
    self.window = window
    self.sampleLimit = sampleLimit
    self.report = report
  }

  /// What has been found of a candidate so far.
  private struct Measurements {
    var embeddings: [Float] = []
    var blocks = BlockStatistics()
  }

  /// Compares the models on data.
  ///
  /// - Parameter data: Its texts, questions and answers, each by itself and once.
  /// - Returns: A report for each candidate, in their order.
  /// - Throws: ``ModelError`` for data without texts, or embeddings that are no numbers.
  package func run(on data: Dataset) throws(ModelError) -> [ComparisonReport] {
    let texts = try texts(of: data)
    var structures: [StructureReport] = []
    for candidate in candidates {
      structures.append(
        try StructureComparison(
          reference: reference.model, candidate: candidate.model, report: report
        ).run())
    }
    var ours: [Float] = []
    var found = [Measurements](repeating: Measurements(), count: candidates.count)
    var start = 0
    while start < texts.count {
      report(Comparison.Progress(count: start, total: texts.count, activity: "texts"))
      let batch = batch(of: texts, from: start)
      ours += try compare(batch, into: &found)
      start += batch.count
    }
    let labels = texts.map { reference.text(of: $0.tokens) }
    func matrix(_ values: [Float]) -> Matrix {
      Matrix(rows: texts.count, columns: reference.forward.outputWidth, values: values)
    }
    return candidates.indices.map { index in
      ComparisonReport(
        reference: reference.subject, candidate: candidates[index].subject, groups: [],
        answers: AnswerStatistics(), vision: VisionStatistics(),
        embeddings: EmbeddingStatistics(
          texts: labels, reference: matrix(ours), candidate: matrix(found[index].embeddings)),
        blocks: found[index].blocks.blocks, tensors: structures[index].tensors,
        structure: structures[index])
    }
  }

  /// Windows of all texts; one that comes again would be its own nearest.
  private func texts(of data: Dataset) throws(ModelError) -> [EvaluationSequence] {
    let context = candidates.map(\.contextLength).reduce(reference.contextLength, min)
    let builder = EvaluationBuilder(
      reference.forward, prompts: try PromptBuilder(reference.model),
      window: max(2, min(window, context)), contextLength: context)
    var seen: Set<[Int]> = []
    let windows = try builder.samples(of: data, limit: sampleLimit ?? .max).windows
      .filter { seen.insert($0.tokens).inserted }
    guard !windows.isEmpty else {
      throw .input("\(data.path): there is nothing to compare the models on; give longer texts")
    }
    return windows
  }

  /// As many texts as run at once; at least one.
  private func batch(of texts: [EvaluationSequence], from start: Int) -> [EvaluationSequence] {
    var count = 0
    let fitting = texts[start...].prefix { text in
      count += text.tokens.count
      return count <= EmbeddingComparison.batchTokens
    }
    return Array(fitting.isEmpty ? texts[start...start] : fitting)
  }

  /// Runs texts through all models.
  ///
  /// - Returns: The reference's embeddings, one after the other.
  private func compare(
    _ batch: [EvaluationSequence], into found: inout [Measurements]
  ) throws(ModelError) -> [Float] {
    var ours = try reference.run(batch)
    var theirs: [ForwardPass.Run] = []
    for candidate in candidates { theirs.append(try candidate.run(batch)) }
    while let place = ours.next {
      try reference.advance(&ours)
      for (index, candidate) in candidates.enumerated() where theirs[index].places == ours.places {
        try candidate.advance(&theirs[index])
        found[index].blocks.add(
          place, reference: ours.hidden, candidate: theirs[index].hidden, lengths: ours.lengths)
      }
    }
    for (index, candidate) in candidates.enumerated() {
      while theirs[index].next != nil { try candidate.advance(&theirs[index]) }
      found[index].embeddings += try candidate.output(of: theirs[index]).values
    }
    return try reference.output(of: ours).values
  }
}
