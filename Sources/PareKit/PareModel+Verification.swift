// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Foundation
import Models
import Notation
import Reports
import Verification

/// What a conversion cost.
public struct PareVerification: PareResult {
  private let report: ComparisonReport
  private let outcomes: [Gate.Outcome]

  init(_ report: ComparisonReport, outcomes: [Gate.Outcome]) {
    self.report = report
    self.outcomes = outcomes
  }

  /// What does not surely keep its limit; empty if everything does.
  public var failures: [String] {
    outcomes.filter { !$0.isKept }.map(VerificationReport.sentence)
  }
  /// The mean KL divergence over all predictions of answers and texts, in nats.
  public var meanDivergence: Double { report.all.meanDivergence }
  /// The share of predictions with the same most likely token.
  public var agreement: Double { report.all.agreement }
  /// What a terminal shows.
  public var text: String { VerificationReport(report, outcomes: outcomes).text }
  /// The same as a JSON object.
  public var json: String { VerificationReport(report, outcomes: outcomes).json.text() + "\n" }

  /// Writes `report.json`, `report.xml` (JUnit, a test case for each limit), `report.md` and
  /// `report.html`, a page that needs no other file.
  ///
  /// - Parameter folder: Made if missing; reports in it are replaced.
  /// - Throws: ``PareError`` with the file that could not be written.
  public func write(to folder: String) throws(PareError) {
    let rendered = VerificationReport(report, outcomes: outcomes)
    let files = [
      ("report.json", json), ("report.xml", JUnitReport(report, outcomes: outcomes).text),
      ("report.md", MarkdownReport(rendered).text),
      ("report.html", HTMLReport(rendered, images: images).text),
    ]
    try convertingErrors { () throws(FileError) in
      _ = try Folder.make(at: folder)
      for (name, text) in files {
        let writer = try AtomicFileWriter(path: "\(folder)/\(name)")
        try writer.write(Array(text.utf8))
        try writer.commit()
      }
    }
  }
}

extension PareVerification {
  /// Larger files would make the page slow.
  private static let largestImage = 1 << 20

  /// The images of answers that changed, as addresses that hold them.
  private var images: [String: String] {
    let changed = report.answers.answers.filter { $0.firstParting != nil }.compactMap(\.image)
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
}

extension PareModel {
  /// Runs this model and a candidate on the same data.
  ///
  /// - Parameters:
  ///   - candidate: What was made of this model.
  ///   - data: Files of samples in JSON Lines, or of text.
  ///   - limits: What it may cost.
  ///   - window: Tokens of a window of text.
  ///   - sampleLimit: The most questions and windows of text; nil for all.
  ///   - progress: Called now and then.
  /// - Returns: What was found; limits that were not kept are in it, they are no errors.
  /// - Throws: ``PareError`` if the two cannot be compared, or not as the limits ask.
  public func verify(
    _ candidate: PareModel, data: [String], limits: PareLimits = PareLimits(), window: Int = 512,
    sampleLimit: Int? = nil, progress: @escaping (PareProgress) -> Void = { _ in }
  ) throws(PareError) -> PareVerification {
    let baseline = try limits.openBaseline()
    var options = Comparison.Options()
    options.window = window
    options.sampleLimit = sampleLimit
    let report = try convertingErrors { () throws(ModelError) in
      let comparison = try Comparison(
        reference: model, candidate: candidate.model, options: options
      ) {
        progress(
          PareProgress(activity: $0.activity, done: $0.count, total: $0.total, isBytes: false))
      }
      let data = try Dataset(paths: data)
      try limits.check(data)
      return try comparison.run(on: data)
    }
    var gates = limits.gates
    if let baseline {
      gates += try convertingErrors { () throws(ModelError) in try baseline.gates(for: report) }
    }
    return PareVerification(report, outcomes: gates.flatMap { $0.outcomes(in: report) })
  }
}
