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
    let contextLength = try ForwardPass(model).contextLength
    let builder = EvaluationBuilder(
      model: model, prompts: try PromptBuilder(model),
      window: max(2, min(options.window, contextLength)), contextLength: contextLength)
    let samples = samples(of: data, builder)
    // Before the long work: does every image exist?
    for image in samples.compactMap(\.image) {
      _ = try convertingErrors { () throws(FileError) in try MappedFile(path: image) }
    }
    let spill = try convertingErrors { () throws(FileError) in
      options.keepsMoments ? try MomentSpill() : nil
    }
    var passes: [Pass] = []
    // The first block of a quantized model sees its table: that must be done before.
    if let follower, let table = model.tiedTable {
      let pass = try Pass(
        model, Gathering(keepsMoments: options.keepsMoments, of: { $0 == table }), follower: nil)
      try run(samples, of: data, pass, builder, spill)
      try remake(of: follower, pass.gathering.owners, pass, spill)
      passes.append(pass)
    }
    let made = Set(passes.flatMap(\.gathering.owners.keys))
    let pass = try Pass(
      model,
      Gathering(
        keepsMoments: options.keepsMoments, keepsDrift: follower != nil,
        of: { !made.contains($0) }),
      follower: follower)
    try run(samples, of: data, pass, builder, spill)
    passes.append(pass)
    var statistics = CalibrationStatistics(
      entries: passes.flatMap(\.gathering.entries), datasets: datasets, window: builder.window,
      windowCount: samples.count, checksums: model.files.checksums)
    statistics.followed = follower?.label
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

  /// One way of all samples through the model.
  private struct Pass {
    let gathering: Gathering
    let forward: ForwardPass
    /// The model that follows, if one does.
    let follower: (any Follower)?
    let following: ForwardPass?

    init(
      _ model: Model, _ gathering: Gathering, follower: (any Follower)?
    ) throws(ModelError) {
      self.gathering = gathering
      self.follower = follower
      var options = ForwardPass.Options()
      options.observers = gathering.observer
      forward = try ForwardPass(model, options: options)
      following = try follower.map { (follower) throws(ModelError) in
        try ForwardPass(follower.model)
      }
      guard let following, following.places != forward.places else { return }
      throw .input(
        "\(follower?.label ?? ""): the quantized model has other blocks than \(model.path), and "
          + "cannot be gone through in step with it")
    }
  }

  /// - Throws: ``ModelError``, also for fewer tokens than say something.
  private func run(
    _ samples: [Sample], of data: Dataset, _ pass: Pass, _ builder: EvaluationBuilder,
    _ spill: MomentSpill?
  ) throws(ModelError) {
    let portion = options.keepsMoments ? max(1, samples.count) : Calibrator.portion
    var tokens = 0
    for start in stride(from: 0, to: samples.count, by: portion) {
      report(Progress(count: start, total: samples.count))
      let own = Array(samples[start..<min(samples.count, start + portion)])
      tokens += try run(own, pass, builder, spill)
    }
    guard tokens >= Calibrator.fewestTokens else {
      throw .input(
        "\(data.path): it has \(tokens) tokens; give at least \(Calibrator.fewestTokens), better "
          + "some ten thousand")
    }
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
    _ samples: [Sample], _ pass: Pass, _ builder: EvaluationBuilder, _ spill: MomentSpill?
  ) throws(ModelError) -> Int {
    let seeing = samples.indices.filter { samples[$0].image != nil }
    var sights: [Track] = []
    for index in seeing {
      let pixels = try model.pixels(of: samples[index].image.map { [$0] } ?? [])
      sights.append(
        Track(
          try pass.forward.run(pixels), following: try pass.following?.run(pixels),
          share(of: samples[index])))
    }
    try advance(&sights, pass, spill)
    let seen = Dictionary(uniqueKeysWithValues: zip(seeing, sights))
    var batches: [Batch] = []
    for (index, sample) in samples.enumerated() {
      let views = seen[index]?.run.views.map(\.embedding) ?? []
      let (sequence, answer) = try sequence(of: sample, images: views, builder)
      let followingViews = seen[index]?.followingRun?.views.map(\.embedding) ?? views
      let own = Batch(
        sequences: [sequence],
        followingSequences: [TokenSequence(tokens: sequence.tokens, images: followingViews)],
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
    try advance(&tracks, pass, spill)
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

  /// Runs all batches to their ends, block by block.
  private func advance(
    _ tracks: inout [Track], _ pass: Pass, _ spill: MomentSpill?
  ) throws(ModelError) {
    let blocks = tracks.first?.run.places.count ?? 0
    for block in 0..<blocks {
      if spill != nil { report(Progress(count: block, total: blocks)) }
      for index in tracks.indices { try tracks[index].advance(pass.gathering) }
      guard let spill else { continue }
      let weights = try convertingErrors { () throws(FileError) in
        try pass.gathering.end(block: spill)
      }
      guard let follower = pass.follower else { continue }
      try remake(of: follower, weights, pass, spill)
      for index in tracks.indices { try tracks[index].follow() }
    }
  }

  // Weights come with those that keep their moments.
  private func remake(
    of follower: any Follower, _ weights: [String: String], _ pass: Pass, _ spill: MomentSpill?
  ) throws(ModelError) {
    guard let spill, !weights.isEmpty else { return }
    let moments = try convertingErrors { () throws(FileError) in
      try CalibrationMoments(spill, of: weights)
    }
    try follower.remake(
      Set(weights.keys),
      by: CalibrationStatistics(pass.gathering.entries, of: model, with: moments))
  }
}

/// Runs a body whose error becomes a ``ModelError``.
private func convertingErrors<Result>(
  _ body: () throws(FileError) -> Result
) throws(ModelError) -> Result {
  do throws(FileError) { return try body() } catch { throw .file(error) }
}
