// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import LinearAlgebra
package import Models
import Tensors

/// Runs a model over samples and gathers what goes into each of its linear layers.
package struct Calibrator {
  private let model: Model
  private let options: Options
  private let follower: (any Follower)?
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
  ///   - follower: Whose layers' inputs are gathered in place of the model's; then moments are kept.
  ///   - report: Called now and then.
  package init(
    _ model: Model, options: Options = Options(), follower: (any Follower)? = nil,
    report: @escaping (Progress) -> Void = { _ in }
  ) {
    self.model = model
    self.options = options
    self.follower = follower
    self.report = report
  }

  /// A sample on its way through the model.
  struct Sample {
    enum Content {
      case question(Dataset.Question)
      case window([Int])
    }

    let content: Content
    let isHeldOut: Bool

    var images: [SampleImage] {
      if case .question(let question) = content { question.images } else { [] }
    }
  }

  /// Runs the samples: questions with their images and answers, and windows of text.
  ///
  /// - Parameters:
  ///   - data: The samples.
  ///   - datasets: What the statistics call them.
  /// - Returns: What went into each linear layer.
  /// - Throws: ``ModelError`` for samples that the model cannot take, or too few of them; and if its
  ///   task is cancelled.
  package func run(
    on data: Dataset, named datasets: [String] = []
  ) throws(ModelError) -> CalibrationStatistics {
    let forward = try ForwardPass(model)
    let contextLength = forward.contextLength
    let builder = EvaluationBuilder(
      forward, prompts: try PromptBuilder(model),
      window: max(2, min(options.window, contextLength)), contextLength: contextLength)
    let samples = try samples(of: data, builder)
    // Before the long work: does every image exist?
    for image in samples.flatMap(\.images) {
      _ = try convertingErrors { () throws(FileError) in try MappedFile(path: image.path) }
    }
    let checksums = model.files.checksums
    let work = try convertingErrors { () throws(FileError) in
      try self.work(on: samples, checksums)
    }
    let spill = work.spill
    var blocks = 0
    var passes: [CalibrationPass] = []
    // The first block of a quantized model sees its table: that must be done before.
    if let follower, let table = model.tiedTable {
      let pass = try CalibrationPass(
        model, Gathering(keepsMoments: options.keepsMoments, of: { $0 == table }), follower: nil)
      try run(samples, of: data, pass, builder, work, &blocks)
      try pass.remake(follower, pass.gathering.owners, spill)
      passes.append(pass)
    }
    let made = Set(passes.flatMap(\.gathering.owners.keys))
    let pass = try CalibrationPass(
      model,
      Gathering(
        keepsMoments: options.keepsMoments, keepsDrift: follower != nil,
        of: { !made.contains($0) }),
      follower: follower)
    try run(samples, of: data, pass, builder, work, &blocks)
    passes.append(pass)
    var statistics = CalibrationStatistics(
      entries: CalibrationStatistics.stored(passes.flatMap(\.gathering.entries), of: model),
      datasets: datasets, window: builder.window,
      windowCount: samples.count, checksums: checksums)
    statistics.followed = follower?.label
    statistics.discardWork = work.discard
    if let spill {
      let owners = passes.reduce(into: [:]) { all, pass in
        all.merge(pass.gathering.owners) { first, _ in first }
      }
      statistics.moments = try convertingErrors { () throws(FileError) in
        try CalibrationMoments(spill, inputs: owners)
      }
    }
    return statistics
  }

  /// - Throws: ``ModelError``, also for fewer tokens than say something.
  private func run(
    _ samples: [Sample], of data: Dataset, _ pass: CalibrationPass, _ builder: EvaluationBuilder,
    _ work: CalibrationWork, _ blocks: inout Int
  ) throws(ModelError) {
    for block in work.spill?.found ?? [] {
      pass.gathering.begin(with: block.sums, owners: block.owners)
    }
    var (first, tokens) = (0, 0)
    if let found = work.sums?.found {
      pass.gathering.begin(with: found.entries)
      (first, tokens) = (min(found.sampleCount, samples.count), found.tokenCount)
    }
    let portion = options.keepsMoments ? max(1, samples.count) : Calibrator.portion
    for start in stride(from: first, to: samples.count, by: portion) {
      guard !Task.isCancelled else { throw .cancelled }
      report(Progress(count: start, total: samples.count, resumed: first))
      let end = min(samples.count, start + portion)
      tokens += try run(Array(samples[start..<end]), pass, builder, work.spill, &blocks)
      work.sums?.save(
        SumsFile.State(entries: pass.gathering.entries, sampleCount: end, tokenCount: tokens))
    }
    guard tokens >= Calibrator.fewestTokens else {
      throw .input(
        "\(data.path): it has \(tokens) tokens; give at least \(Calibrator.fewestTokens), better "
          + "some ten thousand")
    }
  }

  /// Where what is gathered waits.
  private func work(
    on samples: [Sample], _ checksums: [String]
  ) throws(FileError) -> CalibrationWork {
    guard let output = options.output else {
      return try CalibrationWork(keepsMoments: options.keepsMoments)
    }
    return try CalibrationWork(
      keepsMoments: options.keepsMoments, for: output,
      Resumption(
        plan: try CalibrationPlan.text(
          of: model, checksums, options, samples, following: follower?.plan),
        patience: options.patience))
  }

  private func samples(
    of data: Dataset, _ builder: EvaluationBuilder
  ) throws(ModelError) -> [Sample] {
    let (questions, windows) = try builder.samples(of: data, limit: options.sampleLimit ?? .max)
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
    _ samples: [Sample], _ pass: CalibrationPass, _ builder: EvaluationBuilder,
    _ spill: MomentSpill?, _ blocks: inout Int
  ) throws(ModelError) -> Int {
    let seeing = samples.indices.filter { !samples[$0].images.isEmpty }
    var sights: [Track] = []
    for index in seeing {
      let pixels = try model.pixels(of: samples[index].images)
      sights.append(
        Track(
          try pass.forward.run(pixels), following: try pass.following?.run(pixels),
          share(of: samples[index])))
    }
    try pass.advance(&sights, spill, &blocks, report)
    let seen = Dictionary(uniqueKeysWithValues: zip(seeing, sights))
    var batches: [Batch] = []
    for (index, sample) in samples.enumerated() {
      let views = seen[index]?.run.views.map(\.embedding) ?? []
      let (sequence, answer) = try sequence(of: sample, images: views, builder)
      let followingViews = seen[index]?.followingRun?.views.map(\.embedding) ?? views
      let own = Batch(
        sequences: [sequence],
        followingSequences: [
          TokenSequence(
            tokens: sequence.tokens, images: followingViews, promptCount: sequence.promptCount)
        ],
        share: share(of: sample),
        rowWeights: (1...sequence.tokens.count).map {
          answer.contains($0) ? options.answerWeight : 1
        })
      if let last = batches.last, last.share == own.share,
        last.rowWeights.count + own.rowWeights.count <= Calibrator.batchTokens
      {
        batches[batches.count - 1].sequences += own.sequences
        batches[batches.count - 1].followingSequences += own.followingSequences
        batches[batches.count - 1].rowWeights += own.rowWeights
      } else {
        batches.append(own)
      }
    }
    var tracks: [Track] = []
    for batch in batches {
      var share = batch.share
      if options.answerWeight != 1 { share.weights.each = batch.rowWeights }
      tracks.append(
        Track(
          try pass.forward.run(batch.sequences),
          following: try pass.following?.run(batch.followingSequences), share))
    }
    try pass.advance(&tracks, spill, &blocks, report)
    return batches.reduce(0) { $0 + $1.rowWeights.count }
  }

  /// Tokens that run at once.
  private struct Batch {
    var sequences: [TokenSequence]
    /// The same with images as the model that follows sees them.
    var followingSequences: [TokenSequence]
    let share: Gathering.Share
    /// One a token.
    var rowWeights: [Double]
  }

  private func share(of sample: Sample) -> Gathering.Share {
    Gathering.Share(
      weights: RowWeights(all: sample.images.isEmpty ? 1 : options.imageWeight),
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
      return (
        TokenSequence(tokens: tokens, images: images, promptCount: built.prompt.count),
        built.prompt.count..<tokens.count
      )
    }
  }
}

/// Runs a body whose error becomes a ``ModelError``.
private func convertingErrors<Result>(
  _ body: () throws(FileError) -> Result
) throws(ModelError) -> Result {
  do throws(FileError) { return try body() } catch { throw .file(error) }
}
