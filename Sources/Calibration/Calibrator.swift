// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import LinearAlgebra
package import Models
import Tensors

/// Runs a model over samples and gathers what goes into each of its linear layers.
package struct Calibrator {
  /// How far a run is.
  package struct Progress: Sendable {
    package let count: Int
    package let total: Int
  }

  /// What is gathered, and of what.
  package struct Options: Sendable {
    /// Tokens of a window of text.
    package var window = 512
    /// The most questions and windows of text; nil for all.
    package var sampleLimit: Int?
    /// How often a sample with an image counts, beside one of text.
    package var imageWeight = 1.0
    /// How often a token counts that predicts one of an answer, beside all others.
    package var answerWeight = 1.0
    /// Whether products of columns are gathered too, for feedback.
    ///
    /// Then all samples go through a block before any goes through the next: memory holds the
    /// activations of all of them, and the sums of one block.
    package var keepsMoments = false

    package init() {}
  }

  private let model: Model
  private let options: Options
  private let report: (Progress) -> Void

  /// Tokens that run at once.
  private static let batchTokens = 2_048
  /// Samples that run at once where no block has to wait for others.
  private static let portion = 16
  /// Fewer tokens say nothing of a column.
  private static let fewestTokens = 128
  /// Fits are judged by every so manieth sample.
  private static let heldOutPeriod = 8

  /// Prepares a run.
  ///
  /// - Parameters:
  ///   - model: What is looked at.
  ///   - options: What is gathered.
  ///   - report: Called now and then.
  package init(
    _ model: Model, options: Options = Options(), report: @escaping (Progress) -> Void = { _ in }
  ) {
    self.model = model
    self.options = options
    self.report = report
  }

  /// A sample on its way through the model.
  private struct Sample {
    enum Content {
      case question(Dataset.Question)
      case window([Int])
    }

    let content: Content
    let isHeldOut: Bool

    var image: String? {
      if case .question(let question) = content { question.image } else { nil }
    }
  }

  /// Runs the samples: questions with their images and answers, and windows of text.
  ///
  /// - Parameters:
  ///   - data: The samples.
  ///   - datasets: What the statistics call them.
  /// - Returns: What went into each linear layer.
  /// - Throws: ``ModelError`` for samples that the model cannot take, or too few of them.
  package func run(
    on data: Dataset, named datasets: [String] = []
  ) throws(ModelError) -> CalibrationStatistics {
    let gathering = Gathering(keepsMoments: options.keepsMoments)
    var forwardOptions = ForwardPass.Options()
    forwardOptions.observers = gathering.observer
    let forward = try ForwardPass(model, options: forwardOptions)
    let builder = EvaluationBuilder(
      model: model, prompts: try PromptBuilder(model),
      window: max(2, min(options.window, forward.contextLength)),
      contextLength: forward.contextLength)
    let samples = samples(of: data, builder)
    // Before the long work: does every image exist?
    for image in samples.compactMap(\.image) {
      _ = try convertingErrors { () throws(FileError) in try MappedFile(path: image) }
    }
    let spill = try convertingErrors { () throws(FileError) in
      options.keepsMoments ? try MomentSpill() : nil
    }
    let portion = options.keepsMoments ? max(1, samples.count) : Calibrator.portion
    var tokens = 0
    for start in stride(from: 0, to: samples.count, by: portion) {
      report(Progress(count: start, total: samples.count))
      let own = Array(samples[start..<min(samples.count, start + portion)])
      tokens += try run(own, forward, builder, gathering, spill)
    }
    guard tokens >= Calibrator.fewestTokens else {
      throw .input(
        "\(data.path): it has \(tokens) tokens; give at least \(Calibrator.fewestTokens), better "
          + "some ten thousand")
    }
    var statistics = CalibrationStatistics(
      entries: gathering.entries, datasets: datasets, window: builder.window,
      windowCount: samples.count, checksums: model.files.checksums)
    if let spill {
      statistics.moments = try convertingErrors { () throws(FileError) in
        try CalibrationMoments(spill, inputs: gathering.owners)
      }
    }
    return statistics
  }

  private func samples(of data: Dataset, _ builder: EvaluationBuilder) -> [Sample] {
    let (questions, windows) = builder.samples(of: data, limit: options.sampleLimit ?? .max)
    let all =
      questions.map(Sample.Content.question) + windows.map { Sample.Content.window($0.tokens) }
    return all.enumerated().map { index, content in
      let period = Calibrator.heldOutPeriod
      return Sample(content: content, isHeldOut: index % period == period - 1)
    }
  }

  /// Runs samples in step: all of them through a block before the next.
  ///
  /// - Returns: How many tokens they have.
  private func run(
    _ samples: [Sample], _ forward: ForwardPass, _ builder: EvaluationBuilder,
    _ gathering: Gathering, _ spill: MomentSpill?
  ) throws(ModelError) -> Int {
    let seeing = samples.indices.filter { samples[$0].image != nil }
    var sights: [(run: ForwardPass.Run, share: Gathering.Share)] = []
    for index in seeing {
      let pixels = try model.pixels(of: samples[index].image.map { [$0] } ?? [])
      sights.append((try forward.run(pixels), share(of: samples[index])))
    }
    sights = try advance(sights, gathering, spill)
    let images = Dictionary(
      uniqueKeysWithValues: zip(seeing, sights.map { $0.run.views.map(\.embedding) }))
    var batches: [Batch] = []
    for (index, sample) in samples.enumerated() {
      let (sequence, answer) = try sequence(of: sample, images: images[index] ?? [], builder)
      let own = Batch(
        sequences: [sequence], share: share(of: sample),
        rowWeights: (1...sequence.tokens.count).map {
          answer.contains($0) ? options.answerWeight : 1
        })
      if let last = batches.last, last.share == own.share,
        last.rowWeights.count + own.rowWeights.count <= Calibrator.batchTokens
      {
        batches[batches.count - 1].sequences += own.sequences
        batches[batches.count - 1].rowWeights += own.rowWeights
      } else {
        batches.append(own)
      }
    }
    var runs: [(run: ForwardPass.Run, share: Gathering.Share)] = []
    for batch in batches {
      var share = batch.share
      if options.answerWeight != 1 { share.weights.each = batch.rowWeights }
      runs.append((try forward.run(batch.sequences), share))
    }
    _ = try advance(runs, gathering, spill)
    return batches.reduce(0) { $0 + $1.rowWeights.count }
  }

  /// Tokens that run at once.
  private struct Batch {
    var sequences: [TokenSequence]
    let share: Gathering.Share
    /// One a token.
    var rowWeights: [Double]
  }

  private func share(of sample: Sample) -> Gathering.Share {
    Gathering.Share(
      weights: RowWeights(all: sample.image == nil ? 1 : options.imageWeight),
      isHeldOut: sample.isHeldOut)
  }

  /// What a sample is to the model, and which of its tokens are an answer's.
  private func sequence(
    of sample: Sample, images: [ImageEmbedding], _ builder: EvaluationBuilder
  ) throws(ModelError) -> (sequence: TokenSequence, answer: Range<Int>) {
    switch sample.content {
    case .window(let tokens): return (TokenSequence(tokens: tokens), 0..<0)
    case .question(let question):
      let built = try builder.question(question, images: images)
      let tokens = built.prompt + (built.answerTokens ?? [])
      return (TokenSequence(tokens: tokens, images: images), built.prompt.count..<tokens.count)
    }
  }

  /// Runs all computations to their ends, block by block.
  private func advance(
    _ runs: [(run: ForwardPass.Run, share: Gathering.Share)], _ gathering: Gathering,
    _ spill: MomentSpill?
  ) throws(ModelError) -> [(run: ForwardPass.Run, share: Gathering.Share)] {
    var runs = runs
    let blocks = runs.first?.run.places.count ?? 0
    for block in 0..<blocks {
      if spill != nil { report(Progress(count: block, total: blocks)) }
      for index in runs.indices {
        gathering.begin(runs[index].share)
        try runs[index].run.advance()
      }
      if let spill {
        try convertingErrors { () throws(FileError) in try gathering.end(block: spill) }
      }
    }
    return runs
  }
}

/// Runs a body whose error becomes a ``ModelError``.
private func convertingErrors<Result>(
  _ body: () throws(FileError) -> Result
) throws(ModelError) -> Result {
  do throws(FileError) { return try body() } catch { throw .file(error) }
}
