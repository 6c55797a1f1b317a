// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Checkpoints
import Foundation
import Models
import Notation
import Reports
import Tensors
import Verification

/// What a conversion cost.
public struct PareVerification: PareReport {
  fileprivate let report: ComparisonReport
  fileprivate let outcomes: [Gate.Outcome]

  init(_ report: ComparisonReport, outcomes: [Gate.Outcome]) {
    self.report = report
    self.outcomes = outcomes
  }

  fileprivate var rendered: VerificationReport { VerificationReport(report, outcomes: outcomes) }

  /// Errors in the files, and what does not surely keep its limit; empty if everything is well.
  public var failures: [String] { rendered.failures }
  /// The mean KL divergence over all predictions of answers and texts, in nats; 0 of models that
  /// give embeddings.
  public var meanDivergence: Double { report.all.meanDivergence }
  /// The share of predictions with the same most likely token; 1 of models that give embeddings.
  public var agreement: Double { report.all.agreement }
  /// The mean cosine between the embeddings that the two models give of a text; nil of models that
  /// predict tokens.
  public var meanCosine: Double? { report.embeddings?.cosine.value }
  /// The share of texts whose nearest other text, by the cosine of embeddings, stays the same; nil
  /// of models that predict tokens, and for fewer than two texts.
  public var sameNearest: Double? { report.embeddings?.sameNearest?.value }
  /// What a terminal shows.
  public var text: String { rendered.text }
  /// The same as a JSON object.
  public var json: String { rendered.json.text() + "\n" }

  /// Writes `report.json`, `report.xml` (JUnit, a test case for each limit and check of the files),
  /// `report.md` and `report.html`, a page that needs no other file.
  ///
  /// - Parameter folder: Made if missing; reports in it are replaced.
  /// - Throws: ``PareError`` with the file that could not be written.
  public func write(to folder: String) throws(PareError) {
    try ReportFolder.write(
      [
        "json": json, "xml": JUnitReport([rendered]).text, "md": MarkdownReport(rendered).text,
        "html": HTMLReport(rendered, images: images).text,
      ], to: folder)
  }
}

/// What several conversions of one model cost, the closest to it first.
public struct PareRanking: PareReport {
  private let report: RankingReport
  /// In the order in which they were named.
  public let verifications: [PareVerification]

  init(_ verifications: [PareVerification]) {
    self.verifications = verifications
    report = RankingReport(
      verifications.map(\.report), outcomes: verifications.map(\.outcomes))
  }

  /// Those of all conversions.
  public var failures: [String] { verifications.flatMap(\.failures) }
  /// What a terminal shows.
  public var text: String { report.text }
  /// The same as a JSON object.
  public var json: String { report.json.text() + "\n" }

  /// Writes the reports that compare the conversions, and below a folder for each its own.
  ///
  /// - Parameter folder: Made if missing; reports in it are replaced.
  /// - Throws: ``PareError`` with the file that could not be written.
  public func write(to folder: String) throws(PareError) {
    let names = ReportFolder.distinct(verifications.map(\.report.candidate.name))
    for (name, verification) in zip(names, verifications) {
      try verification.write(to: "\(folder)/\(name)")
    }
    try ReportFolder.write(
      [
        "json": json, "xml": JUnitReport(report.reports).text,
        "md": MarkdownReport.text(of: report),
        "html": HTMLRanking(report, folders: names).text,
      ], to: folder)
  }
}

extension PareVerification {
  /// Larger files would make the page slow.
  private static let largestImage = 1 << 20

  /// The images of answers that changed, as addresses that hold them.
  private var images: [String: String] {
    let changed = report.answers.answers.filter { $0.firstParting != nil }.flatMap(\.images)
    var images: [String: String] = [:]
    for path in changed where images[path] == nil {
      guard let file = try? MappedFile(path: path),
        file.bytes.count <= PareVerification.largestImage
      else { continue }
      let data = withExtendedLifetime(file) { Data(file.bytes) }
      let type = data.starts(with: [0xFF, 0xD8]) ? "jpeg" : "png"
      images[path] = "data:image/\(type);base64,\(data.base64EncodedString())"
    }
    return images
  }

  /// How much is compared.
  public struct Options: Sendable {
    /// Tokens of a window of text.
    public var window = 512
    /// The most questions and windows of text; nil for all.
    public var sampleLimit: Int?
    /// How many tensors, those with the largest errors, are put back one by one as they were.
    ///
    /// That tells what each costs; with 0 the errors of outputs are not measured either. Nil: 8, and 0
    /// of models that give embeddings of texts, where no prediction judges them.
    public var trialCount: Int?
    /// Whether the conversion also runs with activations rounded as llama.cpp rounds them: to bytes
    /// beside quantized weights.
    public var roundsActivations = false
    /// Whether the original is also compared with itself in the conversion's container.
    public var measuresNoiseFloor = false

    /// The usual ones.
    public init() {}
  }
}

extension PareModel {
  /// Runs this model and a candidate on the same data, after comparing their files: what they predict
  /// is compared, or the embeddings of texts that they give.
  ///
  /// - Parameters:
  ///   - candidate: What was made of this model.
  ///   - data: Files of samples in JSON Lines, or of text.
  ///   - limits: What it may cost.
  ///   - options: How much is compared.
  ///   - progress: Called now and then.
  /// - Returns: What was found; limits that were not kept are in it, they are no errors.
  /// - Throws: ``PareError`` if the two cannot be compared, or not as the limits ask.
  public func verify(
    _ candidate: PareModel, data: [String], limits: PareLimits = PareLimits(),
    options: PareVerification.Options = PareVerification.Options(),
    progress: @escaping (PareProgress) -> Void = { _ in }
  ) throws(PareError) -> PareVerification {
    try verify([candidate], data: data, limits: limits, options: options, progress: progress)[0]
  }

  /// Does the same with several candidates; this model runs only once.
  public func rank(
    _ candidates: [PareModel], data: [String], limits: PareLimits = PareLimits(),
    options: PareVerification.Options = PareVerification.Options(),
    progress: @escaping (PareProgress) -> Void = { _ in }
  ) throws(PareError) -> PareRanking {
    PareRanking(
      try verify(candidates, data: data, limits: limits, options: options, progress: progress))
  }

  private static let usualTrialCount = 8

  private func verify(
    _ candidates: [PareModel], data: [String], limits: PareLimits,
    options: PareVerification.Options, progress: @escaping (PareProgress) -> Void
  ) throws(PareError) -> [PareVerification] {
    let givesEmbeddings = try givesEmbeddings(like: candidates)
    if givesEmbeddings { try options.checkForEmbeddings() }
    try limits.check(givesEmbeddings: givesEmbeddings)
    let baseline = try limits.openBaseline()
    var own = Comparison.Options()
    own.window = options.window
    own.sampleLimit = options.sampleLimit
    own.trialCount = options.trialCount ?? PareModel.usualTrialCount
    own.roundsActivations = options.roundsActivations
    let samples = try convertingErrors { () throws(ModelError) in
      let samples = try Dataset(paths: data)
      try limits.check(samples)
      return samples
    }
    let noiseFloor =
      options.measuresNoiseFloor
      ? try inContainer(of: candidates.map(\.model), progress: progress) : nil
    let report = { (step: Comparison.Progress) in
      progress(
        PareProgress(
          activity: step.activity, done: step.count, total: step.total, isBytes: false))
    }
    let reports = try convertingErrors { () throws(ModelError) in
      guard !givesEmbeddings else {
        return try EmbeddingComparison(
          reference: model, candidates: candidates.map(\.model), window: own.window,
          sampleLimit: own.sampleLimit, report: report
        ).run(on: samples)
      }
      return try Comparison(
        reference: model, candidates: candidates.map(\.model), noiseFloor: noiseFloor?.model,
        options: own, report: report
      ).run(on: samples)
    }
    var verifications: [PareVerification] = []
    for report in reports {
      var gates = limits.gates
      if let baseline {
        gates += try convertingErrors { () throws(ModelError) in try baseline.gates(for: report) }
      }
      verifications.append(
        PareVerification(report, outcomes: gates.flatMap { $0.outcomes(in: report) }))
    }
    return verifications
  }

  /// This model with the same weights in the container of its conversions: what differs then is the
  /// order of operations alone.
  private func inContainer(
    of candidates: [Model], progress: @escaping (PareProgress) -> Void
  ) throws(PareError) -> PareModel {
    guard candidates.contains(where: { $0.files.checkpoint.container == .gguf }),
      model.files.checkpoint.container == .safetensors
    else { return self }
    let matrices = model.parameters.filter { $0.parameter.shape.dimensions.count > 1 }
    let encodings = Set(matrices.flatMap(\.tensors).map { $0.packed == nil ? $0.encoding : .f32 })
    let type: ScalarType =
      encodings == [.bf16] ? .bf16 : encodings == [.f16] ? .f16 : .f32
    let folder = try convertingErrors { () throws(FileError) in
      try Folder.makeTemporary(prefix: "pare-noise-floor")
    }
    // What is mapped stays readable: nothing is left behind, however the process ends.
    defer { Folder.removeWithFiles(folder) }
    let made = try convert(to: .gguf, type: type, in: folder, progress: progress)
    guard let path = made.paths.first(where: { !$0.contains("/mmproj-") }) else { return self }
    return try opening(path)
  }
}
