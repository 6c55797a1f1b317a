// SPDX-License-Identifier: Apache-2.0

/// Something that two models do not have in common although one was made of the other.
package struct Finding: Sendable, Equatable {
  package enum Severity: String, Sendable {
    /// The candidate computes something else, or nothing.
    case error
    /// What may be meant so, and should be known.
    case warning
  }

  /// What was looked at.
  package enum Check: String, Sendable, CaseIterable {
    case tensors, shapes, dtypes
    case hyperparameters = "hyper-parameters"
    case rope, vocabulary, tokenization
    case specialTokens = "special tokens"
    case chatTemplate = "chat template"
    case preprocessing
    case nonFinite = "non-finite"
    case range, provenance
  }

  package let check: Check
  package let severity: Severity
  /// The role of a tensor, a key, or a token.
  package let subject: String
  package let expected: String
  package let found: String
  /// What goes wrong when the candidate runs.
  package let consequence: String

  package init(
    _ check: Check, _ severity: Severity, of subject: String, expected: String, found: String,
    consequence: String
  ) {
    self.check = check
    self.severity = severity
    self.subject = subject
    self.expected = expected
    self.found = found
    self.consequence = consequence
  }

  /// All of it in one sentence.
  package var sentence: String {
    "\(check.rawValue): \(subject): expected \(expected), found \(found); \(consequence)"
  }
}

/// What the checks of a comparison found so far, and how much they looked at.
struct Findings {
  private(set) var counts: [Finding.Check: Int] = [:]
  private(set) var list: [Finding] = []

  /// Tells that so many things were compared.
  mutating func count(_ check: Finding.Check, _ number: Int = 1) {
    counts[check, default: 0] += number
  }

  mutating func append(_ finding: Finding) { list.append(finding) }
}
