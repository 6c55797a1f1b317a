// SPDX-License-Identifier: Apache-2.0

import LinearAlgebra
package import Models
import Tokenizers

/// Runs a model and what was made of it on the same data, block by block in step, and measures how
/// they differ.
package struct Comparison {
  package struct Options: Sendable {
    /// Tokens of a window of text; at most the models' context.
    package var window = 512
    /// The most questions and windows of text; nil for all.
    package var sampleLimit: Int?
    /// The most tokens of a generated answer.
    package var answerLimit = 64
    /// How many tensors of each candidate are tried as they were in the original; 0: no tensor and
    /// no layer is looked at.
    package var trialCount = 0
    /// Whether each candidate also runs with activations rounded as llama.cpp rounds them.
    package var roundsActivations = false

    package init() {}
  }

  /// How far a comparison is.
  package struct Progress: Sendable {
    package let count: Int
    package let total: Int
    package let activity: String
  }

  private let reference: EvaluatedModel
  /// Everything that is compared with it: what was made of it; where asked for, the same with rounded
  /// activations; and the original itself in another container.
  private let candidates: [EvaluatedModel]
  /// How many of them were made of the original.
  private let conversionCount: Int
  private let hasNoiseFloor: Bool
  private let options: Options
  private let report: (Progress) -> Void

  /// Rows and logits that are computed at once: they bound the memory.
  private static let batchRows = 2_048
  private static let batchLogits = 64 << 20
  private static let questionsAtOnce = 32

  /// Prepares a comparison.
  ///
  /// - Parameters:
  ///   - reference: The original.
  ///   - candidates: What was made of it; each is compared with the original.
  ///   - noiseFloor: The original with the same weights in the candidates' container: what differs
  ///     then is the order of operations alone.
  ///   - options: How much is compared.
  ///   - report: Called now and then.
  /// - Throws: ``ModelError`` if they do not speak of the same tokens.
  package init(
    reference: Model, candidates: [Model], noiseFloor: Model? = nil, options: Options,
    report: @escaping (Progress) -> Void = { _ in }
  ) throws(ModelError) {
    for model in [reference] + candidates { try model.requireLogits() }
    self.reference = try EvaluatedModel(reference)
    var evaluated: [EvaluatedModel] = []
    for candidate in candidates { evaluated.append(try EvaluatedModel(candidate)) }
    if options.roundsActivations {
      var rounding = ForwardPass.Options()
      rounding.roundsActivations = true
      for candidate in candidates {
        evaluated.append(try EvaluatedModel(candidate, options: rounding))
      }
    }
    if let noiseFloor { evaluated.append(try EvaluatedModel(noiseFloor)) }
    for model in evaluated { try model.requireTokens(of: self.reference) }
    self.candidates = evaluated
    conversionCount = candidates.count
    hasNoiseFloor = noiseFloor != nil
    self.options = options
    self.report = report
  }

  /// What has been found of a candidate so far.
  private struct Measurements {
    var tokens: [EvaluationSequence.Group: TokenStatistics] = [:]
    var answers = AnswerStatistics()
    var vision = VisionStatistics()
    var blocks = BlockStatistics()

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
  ///
  /// - Returns: A report for each candidate, in their order.
  package func run(on data: Dataset) throws(ModelError) -> [ComparisonReport] {
    let own = candidates.prefix(conversionCount)
    var structures: [StructureReport] = []
    for candidate in own {
      structures.append(
        try StructureComparison(
          reference: reference.model, candidate: candidate.model, report: report
        ).run())
    }
    let context = candidates.map(\.contextLength).reduce(reference.contextLength, min)
    let builder = EvaluationBuilder(
      reference.forward, prompts: try PromptBuilder(reference.model),
      window: max(2, min(options.window, context)), contextLength: context)
    var state = State(candidateCount: candidates.count)
    let (questions, windows) = try builder.samples(of: data, limit: options.sampleLimit ?? .max)
    for start in stride(from: 0, to: questions.count, by: Comparison.questionsAtOnce) {
      report(Progress(count: start, total: questions.count, activity: "questions"))
      let end = min(questions.count, start + Comparison.questionsAtOnce)
      try compare(Array(questions[start..<end]), with: builder, into: &state)
      for model in [reference] + candidates { model.forgetImages() }
    }
    try compare(windows, activity: "text", into: &state)
    guard !state.found.allSatisfy(\.tokens.isEmpty) else {
      throw .input("\(data.path): there is nothing to compare the models on; give longer texts")
    }
    var reports: [ComparisonReport] = []
    let noise = hasNoiseFloor ? state.found.last?.groups ?? [] : []
    for (index, candidate) in own.enumerated() {
      let found = state.found[index]
      let tensors = try TensorComparison(
        reference: reference.model, candidate: candidate.model, sample: state.sample.sequences,
        trialCount: options.trialCount, report: report
      ).run(structures[index].tensors)
      let layers =
        options.trialCount > 0
        ? try LayerComparison(
          reference: reference.model, candidate: candidate.model, sample: state.sample.sequences
        ).run() : []
      reports.append(
        ComparisonReport(
          reference: reference.subject, candidate: candidate.subject, groups: found.groups,
          answers: found.answers, vision: found.vision, blocks: found.blocks.blocks,
          layers: layers, tensors: tensors, structure: structures[index],
          rounded: options.roundsActivations ? state.found[conversionCount + index].groups : [],
          roundedSeconds: options.roundsActivations
            ? candidates[conversionCount + index].seconds : nil,
          noiseFloor: noise))
    }
    return reports
  }

  /// What a run over the data gathers.
  private struct State {
    /// For each candidate.
    var found: [Measurements]
    var sample = Sample()
    var seenImages: Set<SampleImage> = []

    init(candidateCount: Int) {
      found = [Measurements](repeating: Measurements(), count: candidateCount)
    }
  }

  /// The first sequences of each kind: what single tensors and layers are judged on.
  private struct Sample {
    /// Tokens of a kind, at least, if there are so many.
    private static let tokenCount = 512
    /// Tokens of a window of text: several short ones tell more than one long one.
    private static let window = 128

    private(set) var sequences: [EvaluationSequence] = []
    private var counts: [EvaluationSequence.Group: Int] = [:]

    mutating func offer(_ sequence: EvaluationSequence) {
      guard let group = sequence.parts.last?.group, counts[group, default: 0] < Sample.tokenCount
      else { return }
      let own = group == .text ? sequence.prefix(Sample.window) : sequence
      counts[group, default: 0] += own.tokens.count
      sequences.append(own)
    }
  }

  /// Lets all models answer, and compares their predictions of the expected answers.
  private func compare(
    _ questions: [Dataset.Question], with builder: EvaluationBuilder, into state: inout State
  ) throws(ModelError) {
    try see(questions.flatMap(\.images), into: &state)
    var prompts: [EvaluationQuestion] = []
    for question in questions {
      let images = reference.views(of: question.images)
      prompts.append(
        try builder.question(question, images: images.map(\.embedding)))
    }
    let ours = try reference.answers(to: prompts, limit: options.answerLimit)
    for (index, candidate) in candidates.enumerated() {
      let theirs = try candidate.answers(to: prompts, limit: options.answerLimit)
      for (place, prompt) in prompts.enumerated() {
        state.found[index].answers.add(
          AnswerStatistics.Answer(
            question: questions[place].prompt, images: prompt.images.map(\.path),
            expected: prompt.answer.map(Comparison.trimmed),
            reference: Comparison.trimmed(reference.text(of: ours[place])),
            candidate: Comparison.trimmed(candidate.text(of: theirs[place])),
            firstParting: Comparison.firstParting(ours[place], theirs[place])))
      }
    }
    // Without an expected answer, the reference's own is what is compared.
    let sequences = zip(prompts, ours)
      .map { prompt, own in builder.sequence(prompt, answer: prompt.answerTokens ?? own) }
      .filter { !$0.parts.isEmpty }
    try compare(sequences, activity: nil, into: &state)
  }

  /// Shows images to all models.
  private func see(_ images: [SampleImage], into state: inout State) throws(ModelError) {
    let unseen = reference.unseen(images)
    guard !unseen.isEmpty else { return }
    // All compute the same images at once: products of other sizes round otherwise.
    var ours = try reference.run(images: unseen)
    var theirs: [ForwardPass.Run] = []
    for candidate in candidates { theirs.append(try candidate.run(images: unseen)) }
    for _ in ours.places { try advance(&ours, &theirs, into: &state) }
    reference.keep(ours.views, of: unseen)
    for (index, candidate) in candidates.enumerated() {
      try finish(&theirs[index], of: candidate)
      candidate.keep(theirs[index].views, of: unseen)
    }
    for image in unseen where state.seenImages.insert(image).inserted {
      for before in reference.views(of: [image]) {
        for (index, candidate) in candidates.enumerated() {
          for after in candidate.views(of: [image]) {
            guard before.embedding.rows == after.embedding.rows else {
              throw .input(
                "\(candidate.model.path): it sees '\(image.path)' as \(after.embedding.rows) tokens, "
                  + "\(reference.model.path) as \(before.embedding.rows); compare models that take "
                  + "images of one size")
            }
            state.found[index].vision.add(
              VisionStatistics.Image(
                path: image.path, encoder: .init(before.encoded, after.encoded),
                connector: .init(before.embedding.matrix, after.embedding.matrix)))
          }
        }
      }
    }
  }

  /// Runs the next block of the reference, and of the candidates that have the same blocks.
  private func advance(
    _ ours: inout ForwardPass.Run, _ theirs: inout [ForwardPass.Run], into state: inout State
  ) throws(ModelError) {
    let place = ours.next
    try reference.advance(&ours)
    for (index, candidate) in candidates.enumerated() where theirs[index].places == ours.places {
      try candidate.advance(&theirs[index])
      if let place {
        state.found[index].blocks.add(
          place, reference: ours.hidden, candidate: theirs[index].hidden, lengths: ours.lengths)
      }
    }
  }

  /// Runs what is left of a candidate's blocks.
  private func finish(
    _ run: inout ForwardPass.Run, of model: EvaluatedModel
  ) throws(ModelError) {
    while run.next != nil { try model.advance(&run) }
  }

  /// Compares the models' predictions of tokens.
  private func compare(
    _ sequences: [EvaluationSequence], activity: String?, into state: inout State
  ) throws(ModelError) {
    var start = 0
    while start < sequences.count {
      let batch = batch(of: sequences, from: start)
      if let activity {
        report(Progress(count: start, total: sequences.count, activity: activity))
      }
      for sequence in batch { state.sample.offer(sequence) }
      var ours = try reference.run(batch)
      var theirs: [ForwardPass.Run] = []
      for candidate in candidates { theirs.append(try candidate.run(batch)) }
      // The last block makes logits, which are too many to keep those of all candidates.
      for _ in ours.places.dropLast() { try advance(&ours, &theirs, into: &state) }
      try reference.advance(&ours)
      let p = try reference.output(of: ours)
      let targets = batch.flatMap(\.targets)
      for (index, candidate) in candidates.enumerated() {
        var run = theirs.removeFirst()
        try finish(&run, of: candidate)
        let predictions = Prediction.compare(
          reference: p, candidate: try candidate.output(of: run), targets: targets)
        var row = 0
        for (group, positions) in batch.flatMap(\.parts) {
          let rows = row..<row + positions.count
          state.found[index].tokens[group, default: TokenStatistics()].add(
            document: Array(predictions[rows]))
          row = rows.upperBound
        }
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
