// SPDX-License-Identifier: Apache-2.0

import Models
import Notation
import Reports
import Verification

/// How the files of a conversion differ from those of its original.
public struct PareStructure: PareResult {
  private let report: StructureReport

  init(_ report: StructureReport) { self.report = report }

  /// What makes the conversion compute something else, a sentence each; empty if nothing does.
  public var errors: [String] { report.errors.map(\.sentence) }
  /// What may be meant so, a sentence each.
  public var warnings: [String] { report.warnings.map(\.sentence) }
  /// What a terminal shows.
  public var text: String { StructureRendering(report).text }
  /// The same as a JSON object.
  public var json: String { StructureRendering(report).json.text() + "\n" }

  /// Writes `report.json` and `report.xml` (JUnit, a test case for each check).
  ///
  /// - Parameter folder: Made if missing; reports in it are replaced.
  /// - Throws: ``PareError`` with the file that could not be written.
  public func write(to folder: String) throws(PareError) {
    try ReportFolder.write(["json": json, "xml": JUnitReport(report).text], to: folder)
  }
}

extension PareModel {
  /// Holds the files of a conversion against this model's, without running either: tensors and
  /// their values, numbers of the configuration, tokenizer, chat template, image processor.
  ///
  /// - Parameters:
  ///   - candidate: What was made of this model, in any container.
  ///   - progress: Called now and then, with numbers of tensors.
  /// - Returns: What was found; findings are no errors of the call.
  /// - Throws: ``PareError`` if a tensor cannot be read.
  public func compareStructure(
    with candidate: PareModel, progress: @escaping (PareProgress) -> Void = { _ in }
  ) throws(PareError) -> PareStructure {
    try convertingErrors { () throws(ModelError) in
      let comparison = StructureComparison(reference: model, candidate: candidate.model) {
        progress(
          PareProgress(activity: $0.activity, done: $0.count, total: $0.total, isBytes: false))
      }
      return PareStructure(try comparison.run())
    }
  }
}
