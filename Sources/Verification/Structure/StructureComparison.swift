// SPDX-License-Identifier: Apache-2.0

import Checkpoints
package import Models
import Tensors

/// Holds the files of a conversion against those of its original, without a forward pass.
///
/// It finds what a forward pass does not show or shows as a number alone: a part that is missing, a
/// number of the configuration, a tokenizer, a scale. Weights are read once, tile by tile.
package struct StructureComparison {
  private let reference: Model
  private let candidate: Model
  private let report: (Comparison.Progress) -> Void

  /// - Parameters:
  ///   - reference: The original.
  ///   - candidate: What was made of it, in any container.
  ///   - report: Called before each tensor.
  package init(
    reference: Model, candidate: Model,
    report: @escaping (Comparison.Progress) -> Void = { _ in }
  ) {
    self.reference = reference
    self.candidate = candidate
    self.report = report
  }

  /// Runs all checks.
  ///
  /// - Throws: ``ModelError`` if a tensor cannot be read as its declaration asks for.
  package func run() throws(ModelError) -> StructureReport {
    var findings = Findings()
    let pairs = ParameterPair.all(of: reference, and: candidate, into: &findings)
    try SettingComparison(reference: reference, candidate: candidate).check(into: &findings)
    let tokens = TokenizerComparison(reference: reference, candidate: candidate)
    try tokens.check(into: &findings)
    ChatTemplateComparison(reference: reference, candidate: candidate).check(into: &findings)
    ProcessorComparison(reference: reference, candidate: candidate).check(into: &findings)
    var tensors: [TensorStatistics] = []
    let isMixed = !mostlyFloat32(reference)
    for (index, pair) in pairs.enumerated() {
      report(Comparison.Progress(count: index, total: pairs.count, activity: "tensors"))
      let statistics = try WeightStatistics(of: pair)
      WeightComparison(pair: pair, statistics: statistics, isMixed: isMixed)
        .check(into: &findings)
      tensors.append(TensorStatistics(of: pair, weightError: statistics.relativeError))
    }
    SourceComparison(reference: reference, candidate: candidate).check(into: &findings)
    return StructureReport(
      reference: subject(reference), candidate: subject(candidate), findings: findings,
      tensors: tensors)
  }

  /// Whether most weights of a model are stored in F32.
  private func mostlyFloat32(_ model: Model) -> Bool {
    let wide = model.parameters.flatMap(\.tensors).filter {
      $0.packed == nil && $0.encoding == .f32
    }
    return 2 * wide.reduce(0) { $0 + ($1.shape.elementCount ?? 0) } > model.weightCount
  }

  private func subject(_ model: Model) -> StructureReport.Subject {
    StructureReport.Subject(
      name: model.name, path: model.path, architecture: model.architecture.name,
      container: model.files.checkpoint.container.rawValue)
  }
}
