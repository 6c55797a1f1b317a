// SPDX-License-Identifier: Apache-2.0

/// How the files of two models differ, found without running either.
package struct StructureReport: Sendable {
  /// One of the two models.
  package struct Subject: Sendable {
    package let name: String
    package let path: String
    package let architecture: String
    /// `safetensors` or `gguf`.
    package let container: String
  }

  /// One check with what it looked at.
  package struct Entry: Sendable {
    package let check: Finding.Check
    /// Tensors, keys, pieces, texts or files that were compared.
    package let count: Int
    package let errorCount: Int
    package let warningCount: Int
  }

  package let reference: Subject
  package let candidate: Subject
  /// The checks that had something to compare, in a fixed order.
  package let entries: [Entry]
  /// In the order of the checks; errors of a check before its warnings.
  package let findings: [Finding]
  /// The tensors that both have, in the order of the computation.
  package let tensors: [TensorStatistics]

  init(
    reference: Subject, candidate: Subject, findings: Findings, tensors: [TensorStatistics]
  ) {
    self.tensors = tensors
    self.reference = reference
    self.candidate = candidate
    var entries: [Entry] = []
    var sorted: [Finding] = []
    for check in Finding.Check.allCases {
      let own = findings.list.filter { $0.check == check }
      let errors = own.filter { $0.severity == .error }
      let warnings = own.filter { $0.severity == .warning }
      let count = findings.counts[check] ?? 0
      guard count > 0 || !own.isEmpty else { continue }
      entries.append(
        Entry(
          check: check, count: count, errorCount: errors.count, warningCount: warnings.count))
      sorted += errors + warnings
    }
    self.entries = entries
    self.findings = sorted
  }

  package var errors: [Finding] { findings.filter { $0.severity == .error } }
  package var warnings: [Finding] { findings.filter { $0.severity == .warning } }
}
